import { averagePrice, divideHalfEven, formatPrice, formatUnits, PRICE_DECIMALS, pow10 } from '../platform/decimal.ts'
import type { Refusal } from '../platform/http/problem.ts'
import { type ReaderDeps, reading } from './reader.ts'

/** The newest market price of a symbol, cited. */
export interface Mark {
  readonly symbol: string
  /** Scaled by 10^12. */
  readonly price: bigint
  readonly sourceId: string
  /** When it was observed, ms. */
  readonly at: number
}

/** Older than this a mark is told as stale: the market data behind it has been interrupted. */
const STALE_MS = 10_000

const OF_SYMBOLS = {
  name: 'marks-of-symbols',
  text: `SELECT symbol, price, source_id AS "sourceId", at FROM marks WHERE symbol = ANY($1::text[])`,
}

/** The marks of these symbols as they are now; symbols that never had a price are absent. Market data lies in the first database. */
export const readMarks = (
  { market }: ReaderDeps,
  symbols: readonly string[],
): Promise<ReadonlyMap<string, Mark> | { readonly refusal: Refusal }> =>
  reading(market, async () => {
    if (symbols.length === 0) return new Map<string, Mark>()
    const { rows } = await market.pool.query<Omit<Mark, 'at'> & { at: bigint }>({ ...OF_SYMBOLS, values: [symbols] })
    return new Map(rows.map((row) => [row.symbol, { ...row, at: Number(row.at) }]))
  })

/** The mark as an answer cites it. */
export const markDocument = ({ price, sourceId, at }: Mark, now: number) => ({
  price: formatPrice(price),
  sourceId,
  time: at,
  ...(now - at > STALE_MS ? { stale: true } : {}),
})

/** What a signed quantity is worth at a mark, in quote units, half-even. */
export const valueAt = ({ price }: Pick<Mark, 'price'>, qty: bigint, { baseDecimals, quoteDecimals }: Decimals): bigint =>
  divideHalfEven(qty * price * pow10(quoteDecimals), pow10(baseDecimals + PRICE_DECIMALS))

export interface Decimals {
  readonly baseDecimals: number
  readonly quoteDecimals: number
}

/** Signed quantity, signed cost, and what one of it cost: positive also for a short, zero when flat. */
export const holdingDocument = (qty: bigint, cost: bigint, { baseDecimals, quoteDecimals }: Decimals) => ({
  qty: formatUnits(qty, baseDecimals),
  cost: formatUnits(cost, quoteDecimals),
  avgPx: formatPrice(
    qty < 0n ? averagePrice(-cost, -qty, baseDecimals, quoteDecimals) : averagePrice(cost, qty, baseDecimals, quoteDecimals),
  ),
})
