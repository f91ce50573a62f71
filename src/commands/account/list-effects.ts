import type { AccountEvent } from '../../events/account/account-event.ts'
import { isTerminal } from '../../events/fields.ts'
import { parseOrderId } from '../../events/streams.ts'
import { covers } from '../ledger/balances.ts'
import { cancelFor, endOrder } from '../order/cancel.ts'
import { isOneOf, isParent, needOf, shareOf, siblingsOf } from '../order/order-list.ts'
import type { OrderState } from '../order/order-state.ts'
import { hasOpenAttempt } from '../transaction/attempt-state.ts'
import type { Decision } from './command.ts'
import { afterEvents } from './evolve.ts'
import type { AccountState } from './state.ts'

/**
 * What a decision means for the other orders of a list, in the same append. Any fill, also a partial one, and any end of a leg of a
 * one-cancels-the-other group ends the others. A parent that has ended with a fill releases what waited for it, for no more than it
 * executed; one that has ended without ends it.
 */
export const withListEffects = (state: AccountState, decision: Decision, at: number): Decision => {
  const moved = decision.events.flatMap((event) => listed(state, event))
  if (moved.length === 0) return decision
  const effects: AccountEvent[] = []
  let now = afterEvents(state, decision.events)
  const add = (event: AccountEvent | undefined): void => {
    if (!event) return
    effects.push(event)
    now = afterEvents(now, [event])
  }
  for (const before of new Set(moved)) {
    const after = now.orders.get(before.number)
    const ended = !after || isTerminal(after.ordStatus)
    const traded = tradedIn(decision.events, before.orderId)
    const list = before.list!
    if (isOneOf(list))
      for (const sibling of siblingsOf(now.orders.values(), before.number, list))
        add(cancelFor(sibling, hasOpenAttempt(now, String(sibling.number)), 'OCO', at))
    if (!isParent(list) || !ended) continue
    const executed = before.cumQty + traded
    const whole = after?.ordStatus === 'Filled'
    for (const child of [...now.orders.values()].filter(({ held, list: place }) => held && place?.waitsFor === before.number))
      add(executed > 0n ? release(now, child, whole ? undefined : executed, at) : endOrder(child, 'PARENT_ENDED', at))
  }
  return { ...decision, events: [...decision.events, ...effects] }
}

/** The order of the event as it was before, where it belongs to a list and the event may matter to the others. */
const listed = (state: AccountState, event: AccountEvent): readonly OrderState[] => {
  switch (event.type) {
    case 'TradeBooked':
    case 'OrderCanceled':
    case 'OrderExpired': {
      const order = state.orders.get(parseOrderId(event.data.orderId)?.number ?? 0)
      return order?.list && !isTerminal(order.ordStatus) ? [order] : []
    }
    default:
      return []
  }
}

const tradedIn = (events: readonly AccountEvent[], orderId: string): bigint =>
  events.reduce(
    (sum, event) => (event.type === 'TradeBooked' && event.data.orderId === orderId ? sum + BigInt(event.data.lastQty) : sum),
    0n,
  )

/** Funded now, or ended: funds may have gone elsewhere meanwhile. */
const release = (state: AccountState, child: OrderState, most: bigint | undefined, at: number): AccountEvent => {
  const orderQty = child.orderQty !== null && most !== undefined && most < child.orderQty ? most : child.orderQty
  const need = needOf({ ...child, orderQty })
  const list = { ...child.list!, waitsFor: null }
  const amount = need === undefined ? undefined : shareOf(need, list, siblingsOf(state.orders.values(), child.number, list))
  const { asset } = child.reserved
  if (amount === undefined || !covers(state.balances, asset, amount)) return endOrder(child, 'INSUFFICIENT_FUNDS', at)
  const reserved = { asset, amount: amount.toString() }
  return { type: 'OrderReleased', data: { orderId: child.orderId, orderQty: orderQty?.toString() ?? null, reserved, at } }
}

/** The group's reservation goes to the leg that a quote has met; a reason when another leg is being executed. */
export const takeReservation = (state: AccountState, order: OrderState, at: number): readonly AccountEvent[] | string => {
  if (order.list === null || !isOneOf(order.list)) return []
  const siblings = siblingsOf(state.orders.values(), order.number, order.list).filter(({ ordStatus }) => !isTerminal(ordStatus))
  if (siblings.some((sibling) => sibling.executable || hasOpenAttempt(state, String(sibling.number))))
    return 'another order of its list is being executed'
  const shared = siblings.reduce((sum, { reserved }) => sum + reserved.amount, 0n)
  if (shared === 0n) return []
  const moved = (orderId: string, amount: bigint): AccountEvent => ({
    type: 'OrderReservationMoved',
    data: { orderId, reserved: { asset: order.reserved.asset, amount: amount.toString() }, at },
  })
  const given = siblings.flatMap(({ orderId, reserved }) => (reserved.amount === 0n ? [] : [moved(orderId, -reserved.amount)]))
  return [...given, moved(order.orderId, shared)]
}
