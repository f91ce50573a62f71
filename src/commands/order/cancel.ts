import type { AccountEvent } from '../../events/account/account-event.ts'
import { type Compensation, isTerminal } from '../../events/fields.ts'
import { placeCommandId } from './order-request.ts'
import type { OrderState } from './order-state.ts'

/** Text of a cancel the trader asked for. */
export const USER_REQUESTED = 'USER_REQUESTED'

/** Id of the command that cancels an order: an order is cancelled once. */
export const cancelCommandId = (number: number): string => `c-${number}`

export type CancelOutcome =
  | { readonly kind: 'cancel'; readonly event: AccountEvent }
  /** Cancelled or about to be, by an earlier request: the answer is the order as it is. */
  | { readonly kind: 'again' }
  | { readonly kind: 'too_late' }

/** A trader's cancel: at once without an open attempt, else decided when the attempt ends. */
export const cancelOrder = (order: OrderState, attemptOpen: boolean, at: number): CancelOutcome => {
  if (isTerminal(order.ordStatus)) return { kind: wasCanceledByUser(order) ? 'again' : 'too_late' }
  if (order.cancelText !== null) return { kind: 'again' }
  if (!attemptOpen) return { kind: 'cancel', event: endOrder(order, USER_REQUESTED, at) }
  return { kind: 'cancel', event: { type: 'OrderCancelRequested', data: { orderId: order.orderId, text: USER_REQUESTED, at } } }
}

export const wasCanceledByUser = (order: OrderState): boolean => order.ordStatus === 'Canceled' && order.text === USER_REQUESTED

/** Ends an open order as Canceled and gives back all it holds; `held` overrides what that is after events of the same decision. */
export const endOrder = (
  order: OrderState,
  text: string,
  at: number,
  { cause, held = order.reserved.amount }: { readonly cause?: Compensation['cause']; readonly held?: bigint } = {},
): AccountEvent => {
  const released = { asset: order.reserved.asset, amount: held.toString() }
  return {
    type: 'OrderCanceled',
    data: { orderId: order.orderId, text, released, compensates: cause ? releases(order, released, cause) : null, at },
  }
}

const releases = (order: OrderState, effect: Compensation['effect'], cause: Compensation['cause']): Compensation => ({
  cause,
  command: placeCommandId(order.clOrdId),
  reverses: 'reservation',
  effect,
})
