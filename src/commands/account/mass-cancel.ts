import type { AccountEvent } from '../../events/account/account-event.ts'
import { isTerminal } from '../../events/fields.ts'
import { cancelFor } from '../order/cancel.ts'
import { matches, type OrderFilter } from '../order/order-filter.ts'
import { hasOpenAttempt } from '../transaction/attempt-state.ts'
import type { Decision } from './command.ts'
import { afterEvents } from './evolve.ts'
import type { AccountState } from './state.ts'

/** Text of an order that a mass cancel has ended. */
export const MASS_CANCEL = 'MASS_CANCEL'

/** The cancels of every open order that matches: at once, or pending where an attempt is open. Also for halts and the dead-man switch. */
export const cancelMatching = (state: AccountState, filter: OrderFilter, text: string, at: number): readonly AccountEvent[] =>
  [...state.orders.values()]
    .filter((order) => matches(order, filter))
    .flatMap((order) => cancelFor(order, hasOpenAttempt(state, String(order.number)), text, at) ?? [])

/** The trader's mass cancel; answers every order that matches and how it stands. */
export const massCancel = (state: AccountState, filter: OrderFilter, at: number): Decision => {
  const meant = [...state.orders.values()].filter((order) => !isTerminal(order.ordStatus) && matches(order, filter))
  const events = cancelMatching(state, filter, MASS_CANCEL, at)
  const after = afterEvents(state, events)
  const orders = meant.map(({ number, orderId }) => ({ orderId, ordStatus: after.orders.get(number)?.ordStatus ?? 'Canceled' }))
  return { events, answer: { kind: 'orders', orders } }
}
