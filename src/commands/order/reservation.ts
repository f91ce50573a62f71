import type { InstrumentTerms, Side } from '../../events/fields.ts'
import { divideUp, parsePrice, quoteFor } from '../../platform/decimal.ts'

/** What decides how much an order (or its remainder) may cost at worst. */
export interface ToReserve {
  readonly side: Side
  /** Base units; null for an order by cash. */
  readonly qty: bigint | null
  /** Quote units; null for an order by quantity. */
  readonly cash: bigint | null
  /** Limit price; null for market. */
  readonly price: string | null
  /** Price that an order without a limit is measured by: the mid, or the stop price of a stop. */
  readonly reference: string | null
  readonly maxSlippageBps: number
}

/** 100 % in basis points. */
const WHOLE_BPS = 10_000n

/**
 * Worst-case input in base units of the asset that is spent, rounded up: quote for a buy, base for a sell.
 * Undefined when a market order has no usable reference price.
 */
export const worstCaseInput = (order: ToReserve, terms: InstrumentTerms): bigint | undefined => {
  const { side, qty, cash } = order
  if (side === 'sell' && qty !== null) return qty
  if (side === 'buy' && cash !== null) return cash
  const limit = order.price
  const price = parsePrice(limit ?? order.reference ?? '')
  if (price === undefined || price === 0n) return undefined
  // a limit price is itself the worst case; slippage widens only a price the trader did not set
  const bps = limit === null ? WHOLE_BPS + BigInt(order.maxSlippageBps) : WHOLE_BPS
  if (qty !== null) {
    const cost = quoteFor(qty, price, terms.baseDecimals, terms.quoteDecimals)
    return divideUp(cost.numerator * bps, cost.denominator * WHOLE_BPS)
  }
  const one = quoteFor(1n, price, terms.baseDecimals, terms.quoteDecimals)
  return divideUp((cash ?? 0n) * one.denominator * bps, one.numerator * WHOLE_BPS)
}

/** The asset an order spends. */
export const spentAsset = (side: Side, terms: InstrumentTerms): string => (side === 'buy' ? terms.quote : terms.base)
