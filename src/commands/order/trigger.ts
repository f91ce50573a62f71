import type { AccountEvent } from '../../events/account/account-event.ts'
import { isTerminal, type PriceCitation } from '../../events/fields.ts'
import { parsePrice } from '../../platform/decimal.ts'
import type { OrderState } from './order-state.ts'

/** A quote older than this decides nothing: the market has moved on. */
export const QUOTE_MAX_AGE_MS = 2_000

export const isFresh = (citation: PriceCitation, at: number): boolean => at - citation.time <= QUOTE_MAX_AGE_MS

/** The resting order's condition is met by this quote, or the reason why nothing happens. */
export const triggerOrder = (order: OrderState, attemptOpen: boolean, trigger: PriceCitation, at: number): AccountEvent | string => {
  if (isTerminal(order.ordStatus)) return 'the order has ended'
  if (order.executable) return 'already triggered'
  if (order.cancelText !== null) return 'a cancel is pending'
  if (attemptOpen) return 'an attempt is open'
  if (!isFresh(trigger, at)) return 'the quote is too old'
  const limit = parsePrice(order.price ?? '')
  const price = parsePrice(trigger.price)
  if (limit === undefined || price === undefined || price === 0n) return 'no price to compare'
  const met = order.side === 'buy' ? price <= limit : price >= limit
  return met ? { type: 'OrderTriggered', data: { orderId: order.orderId, trigger, at } } : 'the quote does not meet the limit'
}
