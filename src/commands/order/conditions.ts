import { isTerminal, type TrailingOffset } from '../../events/fields.ts'
import { divideUp, formatPrice, parsePrice } from '../../platform/decimal.ts'
import type { OrderState } from './order-state.ts'
import { hasRequests } from './requests.ts'

/** What a resting order waits for. Prices are canonical decimals; `when` tells on which side of the price the market meets it. */
export type Waiting =
  | { readonly kind: 'limit'; readonly price: string; readonly when: When }
  | { readonly kind: 'stop'; readonly price: string; readonly when: When }
  /** A stop whose price follows the market: see trailTo. */
  | { readonly kind: 'trailing'; readonly price: string; readonly when: When; readonly peak: string }
  /** A triggered stop without a limit that is to be tried again at the next fresh quote. */
  | { readonly kind: 'market' }
type When = 'at_or_below' | 'at_or_above'

/** Undefined for an order that waits for no price: it has ended, is to be executed now, is held by its list, or a request on it is pending. */
export const waitingFor = (order: OrderState): Waiting | undefined => {
  if (isTerminal(order.ordStatus) || order.executable || order.held || hasRequests(order)) return undefined
  if (isStop(order) && !order.triggered) {
    // a stop protects: it buys when the market has risen and sells when it has fallen that far
    const stop = { price: order.stopPrice ?? '', when: order.side === 'buy' ? 'at_or_above' : 'at_or_below' } as const
    return order.peak === null ? { kind: 'stop', ...stop } : { kind: 'trailing', ...stop, peak: order.peak }
  }
  if (order.price === null) return { kind: 'market' }
  return { kind: 'limit', price: order.price, when: order.side === 'buy' ? 'at_or_below' : 'at_or_above' }
}

/** Whether a market price (canonical decimal) meets the condition; false for a price that is none. */
export const isMet = (waiting: Waiting, market: string): boolean => {
  const price = parsePrice(market)
  if (price === undefined || price === 0n) return false
  if (waiting.kind === 'market') return true
  const mark = parsePrice(waiting.price)
  if (mark === undefined) return false
  return waiting.when === 'at_or_below' ? price <= mark : price >= mark
}

/** When the order's own time ends (ms), GTD and Day; null for never. The timer's command is ExpireOrder. */
export const deadlineOf = (order: OrderState): number | null => (isTerminal(order.ordStatus) ? null : order.expireAt)

export const isStop = (order: Pick<OrderState, 'type'>): boolean =>
  order.type === 'stop' || order.type === 'stop_limit' || order.type === 'trailing_stop'

/** A peak moves on by at least so much of itself: smaller steps would fill the log and move no stop to speak of. */
const LEAST_STEP_BPS = 5n
const WHOLE_BPS = 10_000n

/**
 * Peak and stop price of a trailing stop after a market price; undefined unless it improves by max(1 tick, 5 bps).
 * `tickSize` is the instrument's, a canonical decimal.
 */
export const trailTo = (
  order: Pick<OrderState, 'side' | 'peak' | 'trailingOffset'>,
  market: string,
  tickSize: string,
): { readonly peak: string; readonly stopPrice: string } | undefined => {
  const [price, peak] = [parsePrice(market), parsePrice(order.peak ?? '')]
  if (price === undefined || price === 0n || peak === undefined || order.trailingOffset === null) return undefined
  const better = order.side === 'sell' ? price - peak : peak - price
  if (better < leastStep(peak, tickSize)) return undefined
  return { peak: formatPrice(price), stopPrice: stopBehind(order.side, market, order.trailingOffset) }
}

/** How far the market must have moved beyond a peak (scaled by 10^12) before it is recorded; never zero. */
export const leastStep = (peak: bigint, tickSize: string): bigint => {
  const tick = parsePrice(tickSize) ?? 0n
  const bps = divideUp(peak * LEAST_STEP_BPS, WHOLE_BPS)
  const step = tick > bps ? tick : bps
  return step > 0n ? step : 1n
}

/** The stop price that stays the offset behind a peak, rounded away from the market; never below zero. */
export const stopBehind = (side: OrderState['side'], peak: string, offset: TrailingOffset): string => {
  const best = parsePrice(peak) ?? 0n
  const up = side === 'buy'
  const distance = offset.kind === 'price' ? (parsePrice(offset.value) ?? 0n) : divideUp(best * BigInt(offset.value), WHOLE_BPS)
  const stop = up ? best + distance : best - distance
  return formatPrice(stop < 0n ? 0n : stop)
}
