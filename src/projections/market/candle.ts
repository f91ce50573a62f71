import { STEPS } from './steps.ts'

/** A tick as it is recorded: price and volume scaled by 10^12, time in ms. */
export interface RecordedTick {
  readonly symbol: string
  readonly price: bigint
  readonly volume: bigint
  readonly sourceId: string
  readonly time: number
  readonly sequence: number | null
}

export interface Candle {
  readonly symbol: string
  readonly step: string
  /** Start, ms. */
  readonly at: number
  open: bigint
  high: bigint
  low: bigint
  close: bigint
  volume: bigint
  ticks: number
  /** Times of its first and last tick: what comes late moves neither open nor close. */
  openedAt: number
  closedAt: number
}

/** The candles of all lengths that these ticks make, to be added to those there are. */
export const candlesOf = (ticks: readonly RecordedTick[]): readonly Candle[] => {
  const candles: Candle[] = []
  for (const step of STEPS) {
    // one map for each length and symbol, by number: a key of text would cost more than the candle
    const bySymbol = new Map<string, Map<number, Candle>>()
    let last: Candle | undefined
    for (const tick of ticks) {
      const at = tick.time - (tick.time % step.ms)
      if (last?.at === at && last.symbol === tick.symbol) {
        add(last, tick)
        continue
      }
      let starts = bySymbol.get(tick.symbol)
      if (!starts) {
        starts = new Map()
        bySymbol.set(tick.symbol, starts)
      }
      last = starts.get(at)
      if (last) add(last, tick)
      else {
        last = first(tick, step.name, at)
        starts.set(at, last)
        candles.push(last)
      }
    }
  }
  return candles
}

const first = ({ symbol, price, volume, time }: RecordedTick, step: string, at: number): Candle => ({
  symbol,
  step,
  at,
  open: price,
  high: price,
  low: price,
  close: price,
  volume,
  ticks: 1,
  openedAt: time,
  closedAt: time,
})

const add = (candle: Candle, { price, volume, time }: RecordedTick): void => {
  if (price > candle.high) candle.high = price
  if (price < candle.low) candle.low = price
  if (time < candle.openedAt) {
    candle.openedAt = time
    candle.open = price
  }
  if (time >= candle.closedAt) {
    candle.closedAt = time
    candle.close = price
  }
  candle.volume += volume
  candle.ticks++
}
