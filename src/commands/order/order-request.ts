import { createHash } from 'node:crypto'
import type { InstrumentTerms, Side, TimeInForce } from '../../events/fields.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'

/** What a trader asked for, parsed: base units, canonical decimals. */
export interface OrderRequest {
  readonly clOrdId: string
  readonly symbol: string
  readonly side: Side
  readonly type: 'market' | 'limit'
  readonly timeInForce: Extract<TimeInForce, 'ioc' | 'fok' | 'gtc'>
  readonly orderQty: bigint | null
  readonly cashOrderQty: bigint | null
  /** Canonical decimal; null for market. */
  readonly price: string | null
  readonly maxSlippageBps: number
}

/** Id of the command that places an order: the natural key of the request. */
export const placeCommandId = (clOrdId: string): string => `o-${clOrdId}`

/** First 32 hex of the SHA-256 of the canonical terms: the same clOrdId with another hash is a conflict. */
export const termsHashOf = (r: OrderRequest): string =>
  createHash('sha256')
    .update(
      [r.symbol, r.side, r.type, r.timeInForce, r.orderQty ?? '', r.cashOrderQty ?? '', r.price ?? '', r.maxSlippageBps].join('|'),
      'utf8',
    )
    .digest('hex')
    .slice(0, 32)

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
