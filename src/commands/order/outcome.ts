import type { AccountEvent } from '../../events/account/account-event.ts'
import type { OwnEnd } from './conclude.ts'
import { chargeFee } from './fee.ts'
import type { Fill } from './fill.ts'
import { isFilledBy, isImmediate, leavesCashOf, leavesQtyOf, type OrderState } from './order-state.ts'
import { statusOf } from './requests.ts'
import { worstCaseInput } from './reservation.ts'

/** A resting order that failed this often is given up: the venue and its limit do not meet. */
export const MAX_FAILED_ATTEMPTS = 20

/** The slippage error of the swap program: the price moved beyond the order's limit. */
const SLIPPAGE_ERROR = 'custom:6001'

/** The attempt whose outcome is booked. */
export interface Ended {
  readonly ref: string
  readonly attempt: number
  readonly generation: number
  readonly signature: string
  /** Another attempt of the order can still land (its transaction had vanished): the order can't end yet. */
  readonly othersOpen: boolean
  readonly at: number
}

export const execIdOf = (orderId: string, attempt: number, generation: number): string => `${orderId}.${attempt}.${generation}`

/** Trade, its fee, and surplus. Whether the order then goes on is for `conclude` to say. */
export const bookTrade = (order: OrderState, fill: Fill, ended: Ended): readonly AccountEvent[] => {
  const { attempt, generation, at } = ended
  const terms = order.instrument
  const cumQty = order.cumQty + fill.lastQty
  const cumQuote = order.cumQuote + fill.lastQuote
  const filled = isFilledBy(order, cumQty, cumQuote)
  const spent = order.side === 'buy' ? fill.lastQuote : fill.lastQty
  const kept = filled ? 0n : heldForRest({ ...order, cumQty, cumQuote }, order.reserved.amount - spent)
  const execId = execIdOf(order.orderId, attempt, generation)
  const trade: AccountEvent = {
    type: 'TradeBooked',
    data: {
      execId,
      orderId: order.orderId,
      attempt,
      generation,
      signature: ended.signature,
      symbol: terms.symbol,
      side: order.side,
      base: terms.base,
      quote: terms.quote,
      baseDecimals: terms.baseDecimals,
      quoteDecimals: terms.quoteDecimals,
      lastQty: fill.lastQty.toString(),
      lastQuote: fill.lastQuote.toString(),
      // negative when more was spent than was held (a fill after the order's end): the difference comes out of available
      released: { asset: order.reserved.asset, amount: (order.reserved.amount - spent - kept).toString() },
      // a late fill leaves the order ended, unless it fills it
      ordStatus: statusOf({ ...order, cumQty, cumQuote, text: filled ? null : order.text }),
      at,
    },
  }
  const charged = chargeFee(order, fill, execId, at)
  const surplus = fill.surplus === 0n ? [] : [surplusCredited(order, execId, fill.surplus, at)]
  return [trade, ...charged, ...surplus]
}

/** An immediate order that was not filled is over. */
export const endAfterTrade = (order: OrderState): OwnEnd => ({ text: isImmediate(order) ? 'IOC_REMAINDER' : undefined })

/** The swap program or the runtime refused the transaction; only the fee moved. */
export const endAfterFailure = (order: OrderState, error: string, { ref, attempt }: Ended): OwnEnd => ({
  text: isImmediate(order) ? (error === SLIPPAGE_ERROR ? 'SLIPPAGE' : 'EXECUTION_FAILED') : tooMany(order),
  cause: { type: 'TransactionFailed', ref, attempt },
})

/** Nothing was executed, so even an immediate order may be attempted again. */
export const endAfterExpiry = (order: OrderState, { ref, attempt }: Ended): OwnEnd => ({
  text: tooMany(order),
  cause: { type: 'TransactionExpired', ref, attempt },
})

/** A swap that succeeded and moved nothing is a fault of the venue: it is not tried again. */
export const endAfterEmptyLanding = ({ ref, attempt }: Ended): OwnEnd => ({
  text: 'EXECUTION_FAILED',
  cause: { type: 'TransactionLanded', ref, attempt },
})

export const surplusCredited = (order: OrderState, execId: string, surplus: bigint, at: number): AccountEvent => ({
  type: 'FundsSurplusCredited',
  data: { orderId: order.orderId, execId, surplus: { asset: order.instrument.base, amount: surplus.toString() }, at },
})

const tooMany = (order: OrderState): string | undefined =>
  order.failedAttempts + 1 >= MAX_FAILED_ATTEMPTS ? 'TOO_MANY_ATTEMPTS' : undefined

/** Worst case of the remainder, never more than what is left of the reservation: nothing for an order that had ended. */
const heldForRest = (order: OrderState, left: bigint): bigint => {
  const worst = worstCaseInput({ ...order, qty: leavesQtyOf(order), cash: leavesCashOf(order) }, order.instrument) ?? left
  return left <= 0n ? 0n : worst < left ? worst : left
}
