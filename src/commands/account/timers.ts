import type { AccountEvent } from '../../events/account/account-event.ts'
import { isTerminal } from '../../events/fields.ts'
import { expireOrder } from '../order/cancel.ts'
import { hasOpenAttempt } from '../transaction/attempt-state.ts'
import { cancelAllAlgos } from './algos.ts'
import { done, ignored } from './answers.ts'
import type { Decision } from './command.ts'
import { cancelMatching } from './mass-cancel.ts'
import type { AccountState } from './state.ts'

/** Text of an order that the dead-man switch has ended. */
const DEAD_MAN = 'DEAD_MAN'

/** A GTD or Day order whose deadline has passed ends, at once or with its open attempt. */
export const expire = (state: AccountState, number: number, at: number): Decision => {
  const order = state.orders.get(number)
  if (!order || isTerminal(order.ordStatus)) return ignored('the order has ended')
  if (order.expireAt === null || at < order.expireAt) return ignored('the deadline has not come')
  const event = expireOrder(order, hasOpenAttempt(state, String(number)), at)
  return event ? done(event) : ignored('a cancel is pending')
}

export const armDeadMan = (state: AccountState, timeoutMs: number, at: number): Decision => {
  if (timeoutMs === 0) {
    const events: readonly AccountEvent[] = state.deadMan ? [{ type: 'DeadManDisarmed', data: { at } }] : []
    return { events, answer: { kind: 'dead_man', deadline: null } }
  }
  const deadline = at + timeoutMs
  return { events: [{ type: 'DeadManArmed', data: { timeoutMs, deadline, at } }], answer: { kind: 'dead_man', deadline } }
}

/** Every open order ends in the same append; one with an open attempt as soon as that has ended. */
export const fireDeadMan = (state: AccountState, at: number): Decision => {
  if (!state.deadMan) return ignored('the switch is not armed')
  const { deadline } = state.deadMan
  if (at < deadline) return ignored('the deadline has not come')
  const cancels = cancelMatching(state, {}, DEAD_MAN, at)
  return done({ type: 'DeadManFired', data: { deadline, at } }, ...cancels, ...cancelAllAlgos(state, DEAD_MAN, at))
}
