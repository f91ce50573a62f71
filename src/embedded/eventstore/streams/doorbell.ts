/** Wakes one reader that waits at the end of what is durable. A ring that comes while nobody waits is kept. */
export interface Doorbell {
  ring(): void
  /** Resolves when it was rung since the last call. */
  rung(): Promise<void>
}

export const createDoorbell = (): Doorbell => {
  let ringing = false
  let wake: (() => void) | undefined
  return {
    ring() {
      if (wake === undefined) {
        ringing = true
        return
      }
      wake()
      wake = undefined
    },
    rung() {
      if (ringing) {
        ringing = false
        return Promise.resolve()
      }
      return new Promise((resolve) => {
        wake = resolve
      })
    },
  }
}
