import { parsePrice } from '../../platform/decimal.ts'

/** A row of market data, before it is told whose. */
export interface RecordedTick {
  readonly price: bigint
  readonly volume: bigint
  readonly time: number
  readonly sequence: number
}
export type ColumnReader = (line: string) => readonly RecordedTick[]

/** How to read the rows below this header; undefined for a header of another kind. */
export const readerOf = (header: string): ColumnReader | undefined => {
  const names = header.split(',')
  const at = (name: string): number => names.indexOf(name)
  const has = (...wanted: string[]): boolean => wanted.every((name) => names.includes(name))
  if (has('trade_ms', 'trade_id', 'price', 'qty')) return trades(at('trade_ms'), at('trade_id'), at('price'), at('qty'))
  if (has('ts_ms', 'open', 'high', 'low', 'close', 'volume')) return candles(names)
  return undefined
}

const trades =
  (time: number, id: number, price: number, qty: number): ColumnReader =>
  (line) => {
    const cells = line.split(',')
    return tick(cells[price], cells[qty], Number(cells[time]), Number(cells[id]), line)
  }

const MINUTE_MS = 60_000
/** A candle is told as four ticks, a quarter of a minute apart: its extremes come in the order in which a candle of that colour most often had them. */
const PARTS = 4

const candles = (names: readonly string[]): ColumnReader => {
  const at = (name: string): number => names.indexOf(name)
  const [ts, open, high, low, close, volume] = [at('ts_ms'), at('open'), at('high'), at('low'), at('close'), at('volume')]
  return (line) => {
    const cells = line.split(',')
    const start = Number(cells[ts])
    const rising = Number(cells[close]) >= Number(cells[open])
    const path = rising ? [cells[open], cells[low], cells[high], cells[close]] : [cells[open], cells[high], cells[low], cells[close]]
    // by the minute: a candle that is missing is a gap in the sequence
    const first = Math.floor(start / MINUTE_MS) * PARTS
    return path.flatMap((price, n) => tick(price, n === PARTS - 1 ? cells[volume] : '0', start + (n * MINUTE_MS) / PARTS, first + n, line))
  }
}

const tick = (priceText: string | undefined, volumeText: string | undefined, time: number, sequence: number, line: string) => {
  const price = parsePrice(priceText ?? '')
  const volume = parsePrice(volumeText ?? '')
  if (price === undefined || price === 0n || volume === undefined || !Number.isSafeInteger(time) || !Number.isSafeInteger(sequence))
    throw new Error(`not a row of market data: ${line.slice(0, 120)}`)
  return [{ price, volume, time, sequence }]
}
