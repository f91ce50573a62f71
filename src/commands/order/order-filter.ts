import type { Side } from '../../events/fields.ts'
import type { OrderState } from './order-state.ts'

/** What an order must be to be meant; undefined: whatever. */
export interface OrderFilter {
  readonly symbol?: string | undefined
  readonly side?: Side | undefined
  readonly strategyId?: string | undefined
  readonly listId?: string | undefined
}

export const matches = (order: OrderState, { symbol, side, strategyId, listId }: OrderFilter): boolean =>
  (symbol === undefined || order.instrument.symbol === symbol) &&
  (side === undefined || order.side === side) &&
  (strategyId === undefined || order.strategyId === strategyId) &&
  (listId === undefined || order.list?.listId === listId)
