import type { OrderState } from '../commands/order/order-state.ts'
import { averagePrice, divideUp, formatPrice, PRICE_DECIMALS, parsePrice, pow10, quoteFor } from '../platform/decimal.ts'

/** The swap that would execute what an order has left, and the worst price it may have. */
export interface SwapTerms {
  readonly mode: 'exact_in' | 'exact_out'
  readonly inputMint: string
  readonly outputMint: string
  readonly inAsset: string
  readonly outAsset: string
  /** Base units of the fixed side. */
  readonly amount: bigint
  /** Least output (exact in) or most input (exact out). Rounded in the trader's favour. */
  readonly limit: bigint
}

type BoundOrder = Pick<
  OrderState,
  'side' | 'orderQty' | 'cashOrderQty' | 'price' | 'maxSlippageBps' | 'instrument' | 'cumQty' | 'cumQuote' | 'reserved' | 'reference'
>

/** Terms of the next attempt; undefined when nothing is left, or a market order has no price to be bound by. */
export const termsOf = (order: BoundOrder): SwapTerms | undefined => {
  const { instrument, side } = order
  const [input, output] = side === 'buy' ? [QUOTE, BASE] : [BASE, QUOTE]
  const mints = { inputMint: instrument[input.mint], outputMint: instrument[output.mint] }
  const assets = { inAsset: instrument[input.asset], outAsset: instrument[output.asset] }
  const price = worstPrice(order)
  if (price === undefined) return undefined
  const swap = side === 'buy' ? buyTerms(order, price) : sellTerms(order, price)
  return swap.amount > 0n ? { ...swap, ...mints, ...assets } : undefined
}

/** The price a quote comes to, in canonical decimals, and whether it keeps the terms. */
export const judgeQuote = (order: BoundOrder, terms: SwapTerms, quote: { readonly inAmount: bigint; readonly outAmount: bigint }) => {
  const within = terms.mode === 'exact_in' ? quote.outAmount >= terms.limit : quote.inAmount <= terms.limit
  const [quoteUnits, base] = order.side === 'buy' ? [quote.inAmount, quote.outAmount] : [quote.outAmount, quote.inAmount]
  const { baseDecimals, quoteDecimals } = order.instrument
  return { within, price: formatPrice(averagePrice(quoteUnits, base, baseDecimals, quoteDecimals)) }
}

const BASE = { mint: 'baseMint', asset: 'base' } as const
const QUOTE = { mint: 'quoteMint', asset: 'quote' } as const
const BPS = 10_000n

/** Scaled by 10^12. A limit order's is its price, a market order's the reference moved by its slippage. */
const worstPrice = (order: BoundOrder): bigint | undefined => {
  if (order.price !== null) return parsePrice(order.price)
  const reference = order.reference === null ? undefined : parsePrice(order.reference)
  if (reference === undefined) return undefined
  const slippage = BigInt(order.maxSlippageBps)
  return order.side === 'buy' ? (reference * (BPS + slippage)) / BPS : divideUp(reference * (BPS - slippage), BPS)
}

const buyTerms = (order: BoundOrder, price: bigint): Pick<SwapTerms, 'mode' | 'amount' | 'limit'> => {
  const { baseDecimals, quoteDecimals } = order.instrument
  if (order.orderQty === null) {
    // By cash: everything that is still reserved buys at least what it would at the worst price.
    const amount = order.reserved.amount
    return { mode: 'exact_in', amount, limit: divideUp(amount * pow10(baseDecimals + PRICE_DECIMALS), price * pow10(quoteDecimals)) }
  }
  const amount = order.orderQty - order.cumQty
  const cost = quoteFor(amount, price, baseDecimals, quoteDecimals)
  return { mode: 'exact_out', amount, limit: smaller(order.reserved.amount, cost.numerator / cost.denominator) }
}

const sellTerms = (order: BoundOrder, price: bigint): Pick<SwapTerms, 'mode' | 'amount' | 'limit'> => {
  const { baseDecimals, quoteDecimals } = order.instrument
  if (order.orderQty === null) {
    // By cash: exactly the cash that is missing, for at most the base it costs at the worst price.
    const amount = (order.cashOrderQty ?? 0n) - order.cumQuote
    const most = price === 0n ? order.reserved.amount : (amount * pow10(baseDecimals + PRICE_DECIMALS)) / (price * pow10(quoteDecimals))
    return { mode: 'exact_out', amount, limit: smaller(order.reserved.amount, most) }
  }
  const amount = smaller(order.reserved.amount, order.orderQty - order.cumQty)
  const value = quoteFor(amount, price, baseDecimals, quoteDecimals)
  return { mode: 'exact_in', amount, limit: divideUp(value.numerator, value.denominator) }
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)
