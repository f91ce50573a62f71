import type { AccountState } from '../../commands/account/state.ts'
import { isCancelPending } from '../../commands/order/requests.ts'
import type { AttemptState } from '../../commands/transaction/attempt-state.ts'

/** Whose turn is first when more is to be sent than can go at once. */
export const LANES = ['cancel', 'close', 'open'] as const
export type Lane = (typeof LANES)[number]

/**
 * `cancel`: the trader waits for this attempt's end to be rid of the order, or it takes a nonce away from under one; `close`: it sells what the account holds;
 * `open`: it takes on something new, or brings money in.
 */
export const laneOf = (state: AccountState, attempt: AttemptState): Lane => {
  if (attempt.purpose === 'nonce_advance') return 'cancel'
  const order = attempt.purpose === 'swap' ? state.orders.get(Number(attempt.ref)) : undefined
  if (!order) return 'open'
  if (isCancelPending(order)) return 'cancel'
  return order.side === 'sell' ? 'close' : 'open'
}
