import type { AccountEvent } from '../../events/account/account-event.ts'
import { isTerminal, type PriceCitation } from '../../events/fields.ts'
import { isMet, trailTo, type Waiting, waitingFor } from './conditions.ts'
import type { OrderState } from './order-state.ts'
import { hasRequests } from './requests.ts'

/** A quote older than this decides nothing: the market has moved on. */
export const QUOTE_MAX_AGE_MS = 2_000

export const isFresh = (citation: PriceCitation, at: number): boolean => at - citation.time <= QUOTE_MAX_AGE_MS

/** The resting order's condition is met by this quote, or the reason why nothing happens. */
export const triggerOrder = (
  order: OrderState,
  attemptOpen: boolean,
  trigger: PriceCitation,
  at: number,
): readonly AccountEvent[] | string => {
  const waiting = watchable(order, attemptOpen, trigger, at)
  if (typeof waiting === 'string') return waiting
  if (!isMet(waiting, trigger.price)) return `the quote does not meet the ${waiting.kind === 'limit' ? 'limit' : 'stop'}`
  const triggered = (condition: 'stop' | 'limit' | 'market'): AccountEvent => ({
    type: 'OrderTriggered',
    data: { orderId: order.orderId, condition, trigger, at },
  })
  if (waiting.kind === 'limit' || waiting.kind === 'market') return [triggered(waiting.kind)]
  // a stop_limit whose limit the same quote meets need not wait for a second one
  const rests = waitingFor({ ...order, triggered: true })
  return rests?.kind === 'limit' && isMet(rests, trigger.price) ? [triggered('stop'), triggered('limit')] : [triggered('stop')]
}

/** The market has moved in favour of a trailing stop, or the reason why nothing happens. `tickSize` is the instrument's. */
export const trailOrder = (
  order: OrderState,
  attemptOpen: boolean,
  { quote, tickSize }: { readonly quote: PriceCitation; readonly tickSize: string },
  at: number,
): AccountEvent | string => {
  const waiting = watchable(order, attemptOpen, quote, at)
  if (typeof waiting === 'string') return waiting
  const moved = waiting.kind === 'trailing' ? trailTo(order, quote.price, tickSize) : undefined
  return moved ? { type: 'OrderTrailed', data: { orderId: order.orderId, ...moved, citation: quote, at } } : 'no step worth recording'
}

const watchable = (order: OrderState, attemptOpen: boolean, quote: PriceCitation, at: number): Waiting | string => {
  if (isTerminal(order.ordStatus)) return 'the order has ended'
  if (order.executable) return 'already triggered'
  if (hasRequests(order)) return 'a request is pending'
  if (order.held) return 'the order waits for another one of its list'
  if (attemptOpen) return 'an attempt is open'
  if (!isFresh(quote, at)) return 'the quote is too old'
  return waitingFor(order) ?? 'the order waits for no price'
}
