import { createHash } from 'node:crypto'
import type { OrdStatus } from '../../events/fields.ts'
import { isFilledBy, type OrderState } from './order-state.ts'
import type { Change, PendingRequest } from './pending-request.ts'

export type { Change, PendingRequest } from './pending-request.ts'

/** Requests that may wait on one order: more of them are a fault of the sender, and each takes room in the snapshot. */
export const MAX_PENDING_REQUESTS = 8

export const isCancelPending = (order: Pick<OrderState, 'cancelText' | 'requests'>): boolean =>
  order.cancelText !== null || order.requests.some(({ kind }) => kind === 'cancel')

export const hasRequests = (order: Pick<OrderState, 'cancelText' | 'requests'>): boolean =>
  order.cancelText !== null || order.requests.length > 0

/** What waits without the request of that ClOrdID; null is none of them: a plain cancel, or the platform's. */
export const withoutRequest = (order: Pick<OrderState, 'requests'>, clOrdId: string | null): readonly PendingRequest[] =>
  order.requests.filter((request) => request.clOrdId !== clOrdId)

type Standing = Pick<OrderState, 'cancelText' | 'requests' | 'text' | 'orderQty' | 'cashOrderQty' | 'cumQty' | 'cumQuote'>

/** OrdStatus by FIX precedence: what is pending outranks how far the order is executed, also when it is filled or has ended. */
export const statusOf = (order: Standing): OrdStatus => {
  if (isCancelPending(order)) return 'PendingCancel'
  if (order.requests.length > 0) return 'PendingReplace'
  // only an ended order has a text
  if (order.text !== null) return order.text === EXPIRED ? 'Expired' : 'Canceled'
  if (isFilledBy(order, order.cumQty, order.cumQuote)) return 'Filled'
  return order.cumQty > 0n ? 'PartiallyFilled' : 'New'
}

/** Text of an order that its own time in force has ended. */
export const EXPIRED = 'EXPIRED'

/** Nothing of the order is to be executed any more, whatever is still pending on it. */
export const isOver = (order: Standing): boolean => order.text !== null || isFilledBy(order, order.cumQty, order.cumQuote)

/** Terms hashes of requests: the same ClOrdID with another one is a duplicate. */
export const cancelHash = (number: number): string => hash(['cancel', number])
export const replaceHash = (number: number, c: Change): string =>
  hash(['replace', number, c.orderQty?.toString(), c.cashOrderQty?.toString(), c.price, c.stopPrice])

const hash = (terms: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(terms), 'utf8').digest('hex').slice(0, 32)
