import type { AccountEvent } from '../../events/account/account-event.ts'
import { type Compensation, isTerminal } from '../../events/fields.ts'
import { placeCommandId } from './order-request.ts'
import type { OrderState } from './order-state.ts'
import { EXPIRED, isCancelPending, statusOf, withoutRequest } from './requests.ts'

/** Text of a cancel the trader asked for. */
export const USER_REQUESTED = 'USER_REQUESTED'

/** Id of the command that cancels an order: an order is cancelled once. */
export const cancelCommandId = (number: number): string => `c-${number}`

export type CancelOutcome =
  | { readonly kind: 'cancel'; readonly event: AccountEvent }
  /** Cancelled or about to be, by an earlier request: the answer is the order as it is. */
  | { readonly kind: 'again' }
  /** Another cancel is pending: one with a ClOrdID of its own is refused. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'too_late' }

/** A trader's cancel, with a ClOrdID of its own or without: at once without an open attempt, else decided when the attempt ends. */
export const cancelOrder = (order: OrderState, attemptOpen: boolean, clOrdId: string | null, at: number): CancelOutcome => {
  if (isTerminal(order.ordStatus)) return { kind: clOrdId === null && wasCanceledByUser(order) ? 'again' : 'too_late' }
  if (isCancelPending(order)) return clOrdId === null ? { kind: 'again' } : { kind: 'pending' }
  return { kind: 'cancel', event: endOrAsk(order, attemptOpen, USER_REQUESTED, at, clOrdId) }
}

/** A cancel that no trader asked for (mass cancel, dead-man, halt); undefined when the order has ended or is about to. */
export const cancelFor = (order: OrderState, attemptOpen: boolean, text: string, at: number): AccountEvent | undefined =>
  isTerminal(order.ordStatus) || order.cancelText !== null ? undefined : endOrAsk(order, attemptOpen, text, at)

/** The end by GTD or Day: Expired, or pending until the open attempt has ended. */
export const expireOrder = (order: OrderState, attemptOpen: boolean, at: number): AccountEvent | undefined =>
  cancelFor(order, attemptOpen, EXPIRED, at)

const endOrAsk = (order: OrderState, attemptOpen: boolean, text: string, at: number, clOrdId: string | null = null): AccountEvent =>
  attemptOpen
    ? { type: 'OrderCancelRequested', data: { orderId: order.orderId, clOrdId, text, at } }
    : endOrder(order, text, at, { clOrdId })

export const wasCanceledByUser = (order: OrderState): boolean => order.ordStatus === 'Canceled' && order.text === USER_REQUESTED

/** Ends an order as Canceled, by its time in force as Expired, and gives back all it holds. */
export const endOrder = (
  order: OrderState,
  text: string,
  at: number,
  { cause, clOrdId = null }: EndOptions = {},
): Extract<AccountEvent, { type: 'OrderCanceled' | 'OrderExpired' }> => {
  const released = { asset: order.reserved.asset, amount: order.reserved.amount.toString() }
  const requests = withoutRequest(order, clOrdId)
  const ordStatus = statusOf({ ...order, text, requests, cancelText: null })
  const ended = { orderId: order.orderId, text, released, compensates: cause ? releases(order, released, cause) : null, ordStatus, at }
  return text === EXPIRED
    ? { type: 'OrderExpired', data: { ...ended, clOrdId: null } }
    : { type: 'OrderCanceled', data: { ...ended, clOrdId } }
}

interface EndOptions {
  readonly cause?: Compensation['cause']
  /** The request that asked for it. */
  readonly clOrdId?: string | null
}

const releases = (order: OrderState, effect: Compensation['effect'], cause: Compensation['cause']): Compensation => ({
  cause,
  command: placeCommandId(order.clOrdId),
  reverses: 'reservation',
  effect,
})
