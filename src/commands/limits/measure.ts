import { isTerminal, type Side } from '../../events/fields.ts'
import type { Measure } from '../../events/limit-rules.ts'
import { parsePrice, pow10 } from '../../platform/decimal.ts'
import { leavesCashOf, leavesQtyOf, type OrderState } from '../order/order-state.ts'
import { scaled } from './holding.ts'
import { holdingKey, type Subject } from './risk-state.ts'

/** Which of an account's orders a limit is about; undefined members: all. */
export interface Filter {
  readonly strategyId?: string
  readonly symbol?: string
}

/** An order as limits count it, at 12 decimals. */
export interface Counted {
  readonly symbol: string
  readonly quote: string
  readonly side: Side
  readonly strategyId: string | null
  /** Base it may still trade; estimated at its price where it was given in cash. */
  readonly qty: bigint
  readonly notional: bigint
}

const ONE = pow10(12)
const WINDOW_SECONDS = 60

/** How much of a measure an account uses, at 12 decimals, with one more order if there is one. `name`: quote asset or symbol. */
export const usage = (state: Subject, measure: Measure, name: string, filter: Filter, at: number, more?: Counted): bigint => {
  const extra = more && matches(more, filter) ? more : undefined
  switch (measure) {
    case 'openOrders':
      return ONE * BigInt(open(state, filter).length + (extra ? 1 : 0))
    case 'ordersPerMinute':
      return ONE * BigInt(placedSince(state, filter, at) + (extra ? 1 : 0))
    case 'openNotional':
      return withExtra(open(state, filter), extra).reduce((sum, order) => (order.quote === name ? sum + order.notional : sum), 0n)
    case 'position':
      return worstPosition(state, name, filter, extra)
    default:
      return measure satisfies never
  }
}

/** The larger of what the position would be if all open buys, or all open sells, were executed. */
const worstPosition = (state: Subject, symbol: string, filter: Filter, extra: Counted | undefined): bigint => {
  if (filter.symbol !== undefined && filter.symbol !== symbol) return 0n
  const held = state.risk.holdings.get(holdingKey(symbol, filter.strategyId ?? null))?.qty ?? 0n
  let [buys, sells] = [0n, 0n]
  for (const order of withExtra(open(state, filter), extra)) {
    if (order.symbol !== symbol) continue
    if (order.side === 'buy') buys += order.qty
    else sells += order.qty
  }
  return larger(abs(held + buys), abs(held - sells))
}

/** Orders accepted in the last minute: a second counts whole while a part of it does. */
const placedSince = (state: Subject, filter: Filter, at: number): number => {
  const from = Math.floor(at / 1000) - WINDOW_SECONDS
  return state.risk.pace.reduce((sum, each) => (each.second >= from && matches(each, filter) ? sum + each.count : sum), 0)
}

const open = (state: Subject, filter: Filter): readonly Counted[] => {
  const counted: Counted[] = []
  for (const order of state.orders.values()) {
    if (isTerminal(order.ordStatus)) continue
    if (matches({ symbol: order.instrument.symbol, strategyId: order.strategyId }, filter)) counted.push(countedOrder(order))
  }
  return counted
}

const withExtra = (orders: readonly Counted[], extra: Counted | undefined): readonly Counted[] => (extra ? [...orders, extra] : orders)

const matches = (of: { readonly symbol: string; readonly strategyId: string | null }, { strategyId, symbol }: Filter): boolean =>
  (strategyId === undefined || of.strategyId === strategyId) && (symbol === undefined || of.symbol === symbol)

/** What of an order may still trade. */
export const countedOrder = (order: OrderState): Counted => countTerms(order, leavesQtyOf(order), leavesCashOf(order))

/** An order with what it has traded already: one order's size is the whole of it. */
export const countedWhole = (order: OrderState): Counted => countTerms(order, order.orderQty, order.cashOrderQty)

const countTerms = (order: OrderState, qty: bigint | null, cash: bigint | null): Counted =>
  countOrder({
    side: order.side,
    strategyId: order.strategyId,
    symbol: order.instrument.symbol,
    quote: order.instrument.quote,
    baseDecimals: order.instrument.baseDecimals,
    quoteDecimals: order.instrument.quoteDecimals,
    qty,
    cash,
    price: order.price ?? order.stopPrice ?? order.reference,
  })

/** An order's quantity and notional at its own price, or the market's where it has none. */
export const countOrder = (order: {
  readonly side: Side
  readonly strategyId: string | null
  readonly symbol: string
  readonly quote: string
  readonly baseDecimals: number
  readonly quoteDecimals: number
  readonly qty: bigint | null
  readonly cash: bigint | null
  readonly price: string | null
}): Counted => {
  const { side, strategyId, symbol, quote } = order
  const price = parsePrice(order.price ?? '') ?? 0n
  const cash = scaled(order.cash ?? 0n, order.quoteDecimals)
  const qty = order.qty !== null ? scaled(order.qty, order.baseDecimals) : price === 0n ? 0n : (cash * ONE) / price
  return { side, strategyId, symbol, quote, qty, notional: order.qty !== null ? (qty * price + ONE - 1n) / ONE : cash }
}

const larger = (a: bigint, b: bigint): bigint => (a < b ? b : a)
const abs = (n: bigint): bigint => (n < 0n ? -n : n)
