import type { ListPlace } from '../../events/fields.ts'
import type { OrderState } from './order-state.ts'
import { leavesCashOf, leavesQtyOf } from './order-state.ts'
import { worstCaseInput } from './reservation.ts'

/** Legs of which only one is to be executed: all of an OCO, the exits of a bracket. They share one reservation. */
export const isOneOf = ({ kind, leg }: ListPlace): boolean => kind === 'oco' || (kind === 'bracket' && leg > 0)

/** The leg whose fill releases the others. */
export const isParent = ({ kind, leg }: ListPlace): boolean => kind !== 'oco' && leg === 0

/** The other open legs of the order's one-cancels-the-other group. */
export const siblingsOf = (orders: Iterable<OrderState>, number: number, list: ListPlace): readonly OrderState[] =>
  isOneOf(list) ? [...orders].filter((o) => o.number !== number && o.list !== null && o.list.listId === list.listId && isOneOf(o.list)) : []

/** What a released leg needs at worst, in the asset it spends; undefined without a price to tell. */
export const needOf = (order: OrderState): bigint | undefined =>
  worstCaseInput(
    { ...order, reference: order.stopPrice ?? order.reference, qty: leavesQtyOf(order), cash: leavesCashOf(order) },
    order.instrument,
  )

/** What the leg has to hold itself: nothing while it is held, and only what its group does not hold yet. */
export const shareOf = (need: bigint, list: ListPlace, siblings: readonly OrderState[]): bigint => {
  if (list.waitsFor !== null) return 0n
  const held = siblings.reduce((sum, sibling) => sum + sibling.reserved.amount, 0n)
  return need > held ? need - held : 0n
}
