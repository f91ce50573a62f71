import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import type { CxlRejReason, Why } from '../../events/fields.ts'
import type { FieldError } from '../../platform/http/problem.ts'
import { isStop } from './conditions.ts'
import { leavesCashOf, leavesQtyOf, type OrderState } from './order-state.ts'
import { type Change, isOver, statusOf, withoutRequest } from './requests.ts'
import { worstCaseInput } from './reservation.ts'

export interface Replace {
  readonly clOrdId: string
  readonly termsHash: string
  readonly change: Change
}

export type RejectCode = DataOf<'OrderReplaceRejected'>['code']

/** What limits have against new terms of an order; undefined: nothing. */
export type LimitCheck = (repriced: { readonly before: OrderState; readonly next: OrderState }) => Refused | undefined
interface Refused {
  readonly text: string
  readonly why: Why
}

/** What new terms are decided by: the funds they may draw on, and the limits in force. */
export interface Bounds {
  readonly available: bigint
  readonly breach: LimitCheck
}

/** New terms for an order without an open attempt: Replaced with the change of what is held, or refused by a limit or for lack of funds. */
export const applyReplace = (
  order: OrderState,
  { clOrdId, termsHash, change }: Replace,
  { available, breach }: Bounds,
  at: number,
): Extract<AccountEvent, { type: 'OrderReplaced' | 'OrderReplaceRejected' }> => {
  const rejected = (reason: CxlRejReason, code: RejectCode, text: string, why?: Why) =>
    rejectReplace(order, { clOrdId, termsHash }, { reason, code, text, why }, at)
  if (isOver(order)) return rejected('TooLateToCancel', 'too_late_to_cancel', 'the order has ended')
  const next = { ...changed(order, change), requests: withoutRequest(order, clOrdId) }
  const breached = breach({ before: order, next })
  if (breached) return rejected('BrokerOption', 'limit_breached', breached.text, breached.why)
  const need = heldFor(next)
  if (need === undefined) return rejected('BrokerOption', 'limit_breached', 'no price to reserve by')
  const more = need - order.reserved.amount
  if (more > 0n && more > available)
    return rejected('BrokerOption', 'insufficient_funds', `available ${order.reserved.asset} does not cover it`)
  return {
    type: 'OrderReplaced',
    data: {
      orderId: order.orderId,
      clOrdId,
      origClOrdId: order.lastClOrdId,
      termsHash,
      orderQty: next.orderQty?.toString() ?? null,
      cashOrderQty: next.cashOrderQty?.toString() ?? null,
      price: next.price,
      stopPrice: next.stopPrice,
      reserved: { asset: order.reserved.asset, amount: more.toString() },
      ordStatus: statusOf(next),
      at,
    },
  }
}

/** The order under the terms that the change asks for. A quantity is never below what has traded. */
export const changed = (order: OrderState, change: Change): OrderState => ({
  ...order,
  orderQty: change.orderQty === null ? order.orderQty : larger(change.orderQty, order.cumQty),
  cashOrderQty: change.cashOrderQty === null ? order.cashOrderQty : larger(change.cashOrderQty, order.cumQuote),
  price: change.price ?? order.price,
  stopPrice: change.stopPrice ?? order.stopPrice,
})

export const rejectReplace = (
  order: OrderState,
  { clOrdId, termsHash }: { readonly clOrdId: string; readonly termsHash: string },
  {
    reason,
    code,
    text,
    why,
  }: { readonly reason: CxlRejReason; readonly code: RejectCode; readonly text: string; readonly why?: Why | undefined },
  at: number,
): Extract<AccountEvent, { type: 'OrderReplaceRejected' }> => ({
  type: 'OrderReplaceRejected',
  data: {
    orderId: order.orderId,
    clOrdId,
    origClOrdId: order.lastClOrdId,
    termsHash,
    cxlRejReason: reason,
    code,
    text,
    ordStatus: statusOf({ ...order, requests: withoutRequest(order, clOrdId) }),
    at,
    ...(why ? { why } : {}),
  },
})

/** Fields of the change that this order does not have. */
export const unfitFields = (order: OrderState, change: Change): readonly FieldError[] => {
  const rules: readonly (readonly [broken: boolean, field: string, reason: string])[] = [
    [change.orderQty !== null && order.orderQty === null, 'quantity', 'the order was given in cash'],
    [change.cashOrderQty !== null && order.cashOrderQty === null, 'cashOrderQty', 'the order was given by quantity'],
    [change.price !== null && order.price === null, 'price', `a ${order.type} order has no price`],
    [change.stopPrice !== null && order.type !== 'stop' && order.type !== 'stop_limit', 'stopPrice', 'belongs to a stop or stop_limit'],
    [change.stopPrice !== null && order.triggered, 'stopPrice', 'the stop has been triggered'],
  ]
  return rules.flatMap(([broken, field, reason]) => (broken ? [{ field, reason }] : []))
}

/** Worst case of what is left under the order's terms; nothing for one that waits for another of its list. */
export const heldFor = (order: OrderState): bigint | undefined => {
  if (order.held || isOver(order)) return 0n
  const reference = isStop(order) && !order.triggered ? order.stopPrice : order.reference
  return worstCaseInput({ ...order, reference, qty: leavesQtyOf(order), cash: leavesCashOf(order) }, order.instrument)
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
