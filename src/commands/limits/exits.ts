import type { Side } from '../../events/fields.ts'
import type { OrderState } from '../order/order-state.ts'
import { leavesQtyOf } from '../order/order-state.ts'
import { heldFor } from '../order/replace.ts'
import { hasOpenAttempt } from '../transaction/attempt-state.ts'
import { scaled } from './holding.ts'
import { holdingKey, type Subject } from './risk-state.ts'

/** An order, placed or about to be, as far as its effect on a position goes. */
export interface Reducing {
  /** 0 for one that has no number yet. */
  readonly number: number
  readonly symbol: string
  readonly side: Side
  /** Base units it may still trade at most; null when that is unknown (a buy by cash buys the more the cheaper it gets). */
  readonly most: bigint | null
  readonly baseDecimals: number
  /** Whose position: null for the account's. */
  readonly strategyId: string | null
}

/**
 * Whether an order can only make the position smaller: it goes against it, and together with what is being executed on its side it
 * is not larger. Orders that rest do not count, or an exit would have to wait for the cancel of a take-profit.
 */
export const isExit = (state: Subject, order: Reducing): boolean => {
  const held = state.risk.holdings.get(holdingKey(order.symbol, order.strategyId))?.qty ?? 0n
  const closes = order.side === 'sell' ? held : -held
  if (closes <= 0n || order.most === null) return false
  let most = scaled(order.most, order.baseDecimals)
  for (const [number, other] of state.orders) {
    if (number === order.number || other.side !== order.side || other.instrument.symbol !== order.symbol) continue
    if (order.strategyId !== null && other.strategyId !== order.strategyId) continue
    if (!hasOpenAttempt(state, String(number))) continue
    const leaves = mostBase(other)
    if (leaves === null) return false
    most += scaled(leaves, other.instrument.baseDecimals)
  }
  return most <= closes
}

/** Base units an order may still trade at most; a sell by cash is bounded by what it holds. */
export const mostBase = (order: Pick<OrderState, 'side' | 'reserved'> & OrderState): bigint | null =>
  leavesQtyOf(order) ?? (order.side === 'sell' ? order.reserved.amount : null)

/** The same of an order as a replace would have it: a sell by cash would hold something else then. */
export const mostBaseUnder = (next: OrderState): bigint | null =>
  leavesQtyOf(next) ?? (next.side === 'sell' ? (heldFor(next) ?? null) : null)
