import type { AccountEvent } from '../../events/account/account-event.ts'
import type { Compensation, CxlRejReason } from '../../events/fields.ts'
import { endOrder, USER_REQUESTED } from './cancel.ts'
import { evolveOrder, type OrderChange } from './evolve.ts'
import type { OrderState } from './order-state.ts'
import { applyReplace, type Bounds, rejectReplace } from './replace.ts'
import { isOver, type PendingRequest, statusOf, withoutRequest } from './requests.ts'

/** The end that an attempt's outcome brings by itself; no text: the order goes on. */
export interface OwnEnd {
  readonly text: string | undefined
  readonly cause?: Compensation['cause']
}

/**
 * What becomes of an order none of whose attempts is open any more: cancels by the platform (and the plain DELETE) first, then its
 * own end, then every request that waited, in the order in which they came.
 */
export const conclude = (
  order: OrderState,
  { text, cause }: OwnEnd,
  { available, breach }: Bounds,
  at: number,
): readonly AccountEvent[] => {
  const events: AccountEvent[] = []
  let now = order
  let funds = available
  const add = (event: OrderChange): void => {
    events.push(event)
    now = evolveOrder(now, event)
  }
  const end = isOver(now) ? undefined : (now.cancelText ?? text)
  if (end !== undefined) add(endOrder(now, end, at, cause ? { cause } : {}))
  else if (now.cancelText !== null) add(rejectCancel(now, null, 'TooLateToCancel', 'the order was filled', at))
  while (now.requests.length > 0) {
    const event = answer(now, now.requests[0]!, { available: funds, breach }, at)
    if (event.type === 'OrderReplaced') funds -= BigInt(event.data.reserved.amount)
    add(event)
  }
  return events
}

/** The request leaves the order as it is. */
export const rejectRequest = (
  order: OrderState,
  request: PendingRequest,
  reason: CxlRejReason,
  text: string,
  at: number,
): Extract<AccountEvent, { type: 'OrderCancelRejected' | 'OrderReplaceRejected' }> =>
  request.kind === 'cancel'
    ? rejectCancel(order, request.clOrdId, reason, text, at)
    : rejectReplace(order, request, { reason, code: reason === 'TooLateToCancel' ? 'too_late_to_cancel' : 'withdrawn', text }, at)

const answer = (order: OrderState, request: PendingRequest, bounds: Bounds, at: number) => {
  if (isOver(order))
    return rejectRequest(order, request, 'TooLateToCancel', order.text === null ? 'the order was filled' : 'the order has ended', at)
  return request.kind === 'cancel'
    ? endOrder(order, USER_REQUESTED, at, { clOrdId: request.clOrdId })
    : applyReplace(order, request, bounds, at)
}

const rejectCancel = (
  order: OrderState,
  clOrdId: string | null,
  reason: CxlRejReason,
  text: string,
  at: number,
): Extract<AccountEvent, { type: 'OrderCancelRejected' }> => {
  const left = clOrdId === null ? { ...order, cancelText: null } : { ...order, requests: withoutRequest(order, clOrdId) }
  return {
    type: 'OrderCancelRejected',
    data: { orderId: order.orderId, clOrdId, cxlRejReason: reason, text, ordStatus: statusOf(left), at },
  }
}
