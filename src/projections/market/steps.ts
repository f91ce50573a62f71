const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A candle's length, how much time one partition of its table holds, and how long it is kept; times in ms. */
export interface Step {
  readonly name: string
  readonly ms: number
  readonly partitionMs: number
  /** Null: for good. */
  readonly keepMs: number | null
}

// A partition holds some 40,000 to 90,000 candles a symbol: dropped whole, and few enough of them that a plan over all is cheap.
// Kept as long as somebody looks at that length: seconds for a day's story, minutes for a quarter, hours for years, days for good.
export const STEPS: readonly Step[] = [
  { name: '1s', ms: SECOND, partitionMs: DAY, keepMs: 3 * DAY },
  { name: '1m', ms: MINUTE, partitionMs: 30 * DAY, keepMs: 90 * DAY },
  { name: '5m', ms: 5 * MINUTE, partitionMs: 120 * DAY, keepMs: 360 * DAY },
  { name: '15m', ms: 15 * MINUTE, partitionMs: 360 * DAY, keepMs: 720 * DAY },
  { name: '1h', ms: HOUR, partitionMs: 1_800 * DAY, keepMs: 3_600 * DAY },
  { name: '1d', ms: DAY, partitionMs: 36_000 * DAY, keepMs: null },
]

/** Ticks are the raw material of the shortest candles, and kept as long. */
export const TICKS: Step = { name: 'ticks', ms: 1, partitionMs: DAY, keepMs: 3 * DAY }
