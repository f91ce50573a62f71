/** Micro-lamports per compute unit: the bounds no price leaves. */
export interface PriceBounds {
  readonly floor: bigint
  readonly cap: bigint
}

/** A percentile of fewer slots would follow a single bidder. */
const LEAST_SAMPLES = 5
/** Of the least prices that landed per slot. The higher ones are for when transactions land late. */
export const PERCENTILES = [50, 75, 90, 95] as const

/** The price at a percentile of what landed lately, within the bounds. Slots without any bid count: nothing had to be paid there. */
export const priceAt = (samples: readonly bigint[], percentile: number, { floor, cap }: PriceBounds): bigint => {
  if (samples.length < LEAST_SAMPLES) return floor
  const sorted = [...samples].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const price = sorted[Math.max(0, Math.ceil((sorted.length * percentile) / 100) - 1)] ?? floor
  return price < floor ? floor : price > cap ? cap : price
}

/** Which percentile to pay, by how transactions fare: one late or lost raises it soon, many prompt ones lower it slowly. */
export interface Pressure {
  noted(how: 'promptly' | 'late' | 'never'): void
  percentile(): number
  /** Part of the last transactions that landed before they had to be sent again; 1 before the first. */
  landingRate(): number
}

/** About the last twenty transactions. */
const NEWEST = 0.05
/** Below it more is paid, above the other less. Apart, so that the price does not swing. */
const TOO_FEW = 0.8
const ENOUGH = 0.95
/** Transactions after a change before the next one: the change must have shown. */
const PATIENCE = 10
/** The middle of the road until there is experience. */
const FIRST_LEVEL = 1

export const createPressure = (): Pressure => {
  let rate = 1
  let level = FIRST_LEVEL
  let since = 0
  return {
    landingRate: () => rate,
    percentile: () => PERCENTILES[level] ?? PERCENTILES[FIRST_LEVEL],
    noted: (how) => {
      rate += NEWEST * ((how === 'promptly' ? 1 : 0) - rate)
      since++
      // One that never landed is told at once.
      const up = (rate < TOO_FEW && since >= PATIENCE) || how === 'never'
      const down = rate > ENOUGH && since >= PATIENCE * 2
      if (!up && !down) return
      level = Math.min(PERCENTILES.length - 1, Math.max(0, level + (up ? 1 : -1)))
      since = 0
    },
  }
}
