import type { AccountEvent } from '../../events/account/account-event.ts'
import { orderIdOf } from '../../events/streams.ts'
import { type OrderRequest, placeCommandId, termsHashOf } from '../order/order-request.ts'
import { orderFacts } from '../order/order-state.ts'
import { refused, repeated } from './answers.ts'
import type { AccountCommand, Decision } from './command.ts'
import { afterEvents } from './evolve.ts'
import { idHash } from './known-ids.ts'
import { knownOrder, placeOrder } from './place-order.ts'
import type { AccountState } from './state.ts'

type PlaceList = Extract<AccountCommand, { type: 'PlaceList' }>

/** All legs are accepted in one append, or none: the first leg that is refused is put on record and refuses the list. */
export const placeList = (state: AccountState, accountId: string, command: PlaceList, at: number): Decision => {
  const { listId, kind, instrument, reference, control, limits, fee } = command
  const inForce = {
    ...(control ? { control } : {}),
    ...(limits ? { limits } : {}),
    ...(fee ? { fee } : {}),
    ...(command.strategyUnknown ? { strategyUnknown: true } : {}),
  }
  const legs = command.legs.map((request, leg): OrderRequest => {
    const waitsFor = kind === 'oco' || leg === 0 ? null : state.nextOrder
    return { ...request, list: { listId, kind, leg, waitsFor } }
  })
  const before = knownList(state, listId, legs, accountId)
  if (before) return before
  if (state.orders.some(({ list }) => list?.listId === listId)) return refused('duplicate_cl_ord_id', `a list ${listId} is open`)
  const events: AccountEvent[] = []
  let next = state
  for (const request of legs) {
    const decision = placeOrder(next, accountId, { type: 'PlaceOrder', request, instrument, reference, route: 'unprobed', ...inForce }, at)
    if (decision.answer.kind !== 'order') return alone(state, decision, accountId)
    events.push(...decision.events)
    next = afterEvents(next, decision.events)
  }
  const orders = legs.map((_, leg) => orderFacts(next.orders.get(state.nextOrder + leg)!, accountId))
  return { events, answer: { kind: 'list', listId, orders, first: true } }
}

type Known = Exclude<ReturnType<typeof knownOrder>, 'other_terms' | undefined>

/** The same list again is answered by its orders as they were accepted, a refused one by its refusal. */
const knownList = (state: AccountState, listId: string, legs: readonly OrderRequest[], accountId: string): Decision | undefined => {
  const known = legs.map((request) => knownOrder(state, request.clOrdId, termsHashOf(request)))
  if (known.every((one) => one === undefined)) return undefined
  const rejected = known.find(
    (one, leg): one is Known =>
      one !== undefined && one !== 'other_terms' && state.rejected.has(idHash(placeCommandId(legs[leg]!.clOrdId))),
  )
  if (rejected) return repeated(rejected.revision)
  const orders = legs.flatMap(({ clOrdId }, leg) => {
    const order = state.orders.get(state.openByClOrdId.get(clOrdId) ?? 0)
    return order && known[leg] !== 'other_terms' ? [orderFacts(order, accountId)] : []
  })
  // legs that have left the fold are found by their client ids; a list that is partly known is another one
  if (orders.length === legs.length) return { events: [], answer: { kind: 'list', listId, orders, first: false } }
  return refused('duplicate_cl_ord_id', 'a clOrdId of the list was used before')
}

/** The refusal of one leg, as if it had been sent alone: nothing of the list was accepted. */
const alone = (state: AccountState, decision: Decision, accountId: string): Decision => {
  const [event] = decision.events
  if (event?.type !== 'OrderRejected' || decision.answer.kind !== 'refused') return { ...decision, events: [] }
  const orderId = orderIdOf(accountId, state.nextOrder)
  const refusal = { ...decision.answer.refusal, extra: { ...decision.answer.refusal.extra, orderId } }
  return {
    events: [{ type: 'OrderRejected', data: { ...event.data, orderId, number: state.nextOrder } }],
    answer: { kind: 'refused', refusal },
  }
}
