import { createHash } from 'node:crypto'
import type { InstrumentTerms, OrderType, Side, TimeInForce } from '../../events/fields.ts'
import { isPlain, type RareTerms } from '../../events/order-terms.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'

/** What a trader asked for, parsed: base units, canonical decimals. */
export interface OrderRequest extends RareTerms {
  readonly clOrdId: string
  readonly symbol: string
  readonly side: Side
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  readonly orderQty: bigint | null
  readonly cashOrderQty: bigint | null
  /** Canonical decimal; null for orders that take the market's price. */
  readonly price: string | null
  readonly maxSlippageBps: number
}

/** Id of the command that places an order: the natural key of the request. */
export const placeCommandId = (clOrdId: string): string => `o-${clOrdId}`

/** First 32 hex of the SHA-256 of the canonical terms: the same clOrdId with another hash is a conflict. */
export const termsHashOf = (r: OrderRequest): string =>
  createHash('sha256')
    .update(
      [r.symbol, r.side, r.type, r.timeInForce, r.orderQty ?? '', r.cashOrderQty ?? '', r.price ?? '', r.maxSlippageBps].join('|') +
        rareTerms(r),
      'utf8',
    )
    .digest('hex')
    .slice(0, 32)

/** Nothing for a plain order: its hash is the one that it had before there were such terms. */
const rareTerms = (r: RareTerms): string => {
  if (isPlain(r)) return ''
  const { stopPrice, trailingOffset, expireAt, strategyId, reduceOnly, postOnly, list, algo } = r
  const offset = trailingOffset ? [trailingOffset.kind, trailingOffset.value] : null
  const place = list ? [list.listId, list.kind, list.leg] : null
  return JSON.stringify([stopPrice, offset, expireAt, strategyId, reduceOnly, postOnly, place, algo ? [algo.algoId, algo.slice] : null])
}

/** The instrument's terms as an order keeps them. */
export const instrumentTerms = (i: Instrument): InstrumentTerms => ({
  symbol: i.symbol,
  version: i.version,
  base: i.base.asset,
  quote: i.quote.asset,
  baseMint: i.base.mint,
  quoteMint: i.quote.mint,
  baseDecimals: i.base.decimals,
  quoteDecimals: i.quote.decimals,
})

/** The newest version's steps and status, in the units of an older one: what was given in those units keeps its meaning. */
export const inTermsOf = (newest: Instrument, { baseDecimals, quoteDecimals }: InstrumentTerms): Instrument => ({
  ...newest,
  base: { ...newest.base, decimals: baseDecimals },
  quote: { ...newest.quote, decimals: quoteDecimals },
})
