import type { InstrumentTerms, OrderType, OrdStatus, Side, TimeInForce } from '../../events/fields.ts'
import type { OrderFacts } from '../../events/order-document.ts'
import { type RareTerms, rareTermsOf } from '../../events/order-terms.ts'
import type { TradingFee } from '../../events/trading-fee.ts'
import type { PendingRequest } from './pending-request.ts'

/** An order that is open, or closed with an attempt that is not final yet. */
export interface OrderState extends RareTerms {
  readonly orderId: string
  readonly number: number
  readonly clOrdId: string
  readonly termsHash: string
  readonly side: Side
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  readonly orderQty: bigint | null
  readonly cashOrderQty: bigint | null
  readonly price: string | null
  readonly maxSlippageBps: number
  readonly instrument: InstrumentTerms
  /** Of every trade of the order, as it was in force at its acceptance; null: none is charged. */
  readonly fee: TradingFee | null
  readonly ordStatus: OrdStatus
  readonly text: string | null
  readonly cumQty: bigint
  readonly cumQuote: bigint
  /** What the order still holds of the reserved asset. */
  readonly reserved: { readonly asset: string; readonly amount: bigint }
  /** The best market price a trailing stop has followed; null for other types. `stopPrice` moves with it. */
  readonly peak: string | null
  /** The stop condition was met: from then on a market or limit order. */
  readonly triggered: boolean
  /** Waits for another order of its list and holds nothing yet. */
  readonly held: boolean
  /** To be executed now: immediate orders from the start, resting ones while triggered. */
  readonly executable: boolean
  /** Price the reservation or the last trigger was computed from; null for a resting limit order before its trigger. */
  readonly reference: string | null
  /** The last accepted ClOrdID: the order's own, or its last replace's. */
  readonly lastClOrdId: string
  /** Cancels and replaces with a ClOrdID of their own that wait for the open attempt, oldest first. */
  readonly requests: readonly PendingRequest[]
  /** Why a cancel without a ClOrdID is pending (a plain DELETE, or the platform's); null when none is. */
  readonly cancelText: string | null
  /** Attempts that ended without a fill: failed on the chain or expired. */
  readonly failedAttempts: number
  readonly acceptedRevision: bigint
  readonly acceptedAt: number
}

/** Immediate orders execute or end; the others rest until a quote meets them. */
export const isImmediate = (order: { readonly timeInForce: TimeInForce }): boolean =>
  order.timeInForce === 'ioc' || order.timeInForce === 'fok'

/** All of the order is executed: by quantity, or by cash where the order was given in cash. */
export const isFilledBy = (
  order: { readonly orderQty: bigint | null; readonly cashOrderQty: bigint | null },
  cumQty: bigint,
  cumQuote: bigint,
): boolean => (order.orderQty !== null ? cumQty >= order.orderQty : cumQuote >= (order.cashOrderQty ?? 0n))

/** LeavesQty of an open order in base units; null for an order by cash. */
export const leavesQtyOf = (order: OrderState): bigint | null =>
  order.orderQty === null ? null : atLeastZero(order.orderQty - order.cumQty)
/** Quote units still to be executed of an order by cash; null for an order by quantity. */
export const leavesCashOf = (order: OrderState): bigint | null =>
  order.cashOrderQty === null ? null : atLeastZero(order.cashOrderQty - order.cumQuote)

const atLeastZero = (units: bigint): bigint => (units < 0n ? 0n : units)

/** What the order's JSON document is built from; the caller adds the position. */
export const orderFacts = (order: OrderState, accountId: string): Omit<OrderFacts, 'position'> => ({
  orderId: order.orderId,
  accountId,
  clOrdId: order.clOrdId,
  symbol: order.instrument.symbol,
  side: order.side,
  type: order.type,
  timeInForce: order.timeInForce,
  ordStatus: order.ordStatus,
  orderQty: order.orderQty,
  cashOrderQty: order.cashOrderQty,
  cumQty: order.cumQty,
  cumQuote: order.cumQuote,
  price: order.price,
  ...rareTermsOf(order),
  lastClOrdId: order.lastClOrdId === order.clOrdId ? null : order.lastClOrdId,
  text: order.text,
  baseDecimals: order.instrument.baseDecimals,
  quoteDecimals: order.instrument.quoteDecimals,
})
