/** A provider's limit: so many requests in a second, and after the first one too many, none until the penalty is over. */
export interface Throttle {
  refuses(perSecond: number, penaltyMs: number): boolean
}

export const createThrottle = (): Throttle => {
  let windowAt = 0
  let inWindow = 0
  let until = 0
  return {
    refuses: (perSecond, penaltyMs) => {
      const now = performance.now()
      if (now < until) return true
      if (now - windowAt >= 1_000) {
        windowAt = now
        inWindow = 0
      }
      inWindow++
      if (inWindow <= perSecond) return false
      until = now + penaltyMs
      return true
    },
  }
}
