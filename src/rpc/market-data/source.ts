/** One observation of a market's price. Raw ticks are never events: what decides something is cited there by value and source. */
export interface MarketTick {
  readonly symbol: string
  /** Quote per whole base, scaled by 10^12. */
  readonly price: bigint
  /** Whole base traded at it, scaled by 10^12; zero for a quote. */
  readonly volume: bigint
  /** Names the observation at its source: `venue:<slot>`, `replay:<file>:<sequence>`. */
  readonly sourceId: string
  /** When it was observed, ms; never later than it really was. */
  readonly time: number
  /** Dense number within source and symbol, where the source has one: a jump is a gap. */
  readonly sequence: number | null
}

/** Where ticks come from. */
export interface MarketSource {
  readonly name: string
  /** Longer silence of a symbol than this, ms, is a gap; null: a quiet market is no fault. */
  readonly silenceMs: number | null
  /** Delivers until the signal aborts or, for a source that has an end, until there is no more. A fault ends it: it is then asked again, and goes on where it was. */
  stream(signal: AbortSignal): AsyncIterable<readonly MarketTick[]>
}
