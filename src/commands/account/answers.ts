import type { AccountEvent } from '../../events/account/account-event.ts'
import { strategyScope } from '../../events/scope.ts'
import { type ProblemCode, type Refusal, refusal } from '../../platform/http/problem.ts'
import { type OrderState, orderFacts } from '../order/order-state.ts'
import type { Decision } from './command.ts'
import { afterEvents } from './evolve.ts'
import type { AccountState } from './state.ts'

/** Nothing to append: already true, or no longer applicable. */
export const ignored = (reason: string): Decision => ({ events: [], answer: { kind: 'ignored', reason } })
export const done = (...events: readonly AccountEvent[]): Decision => ({ events, answer: { kind: 'done' } })
export const repeated = (revision: bigint): Decision => ({ events: [], answer: { kind: 'repeated', revision } })

export const refused = (
  code: ProblemCode,
  detail: string,
  rest: Omit<Refusal, 'code' | 'detail'> & { readonly events?: readonly AccountEvent[] } = {},
): Decision => {
  const { events = [], ...members } = rest
  return { events, answer: { kind: 'refused', refusal: refusal(code, detail, members) } }
}

export const noSuchAccount = (): Decision => refused('not_found', 'no such account')

/** Not put on record, like an unknown symbol: whatever the id was meant to be, nobody has defined it. */
export const unknownStrategy = (strategyId: string | null): Decision =>
  refused('unknown_strategy', `no strategy ${strategyId}`, {
    extra: { why: { rule: 'strategy', scope: strategyScope(strategyId ?? ''), value: 'unknown' } },
  })

/** The order's document as it stands now. */
export const answerOrder = (accountId: string, order: OrderState, events: readonly AccountEvent[], first: boolean): Decision => ({
  events,
  answer: { kind: 'order', order: orderFacts(order, accountId), first },
})

/** The order after the decision's own events; it may have left the fold with them. */
export const orderAfter = (state: AccountState, events: readonly AccountEvent[], number: number): OrderState | undefined => {
  const after = afterEvents(state, events)
  return after.orders.get(number) ?? after.canceled.get(number)
}
