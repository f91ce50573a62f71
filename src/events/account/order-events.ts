import { z } from 'zod'
import {
  AlgoSlice,
  Amount,
  At,
  Compensation,
  InstrumentTerms,
  ListPlace,
  ORD_STATUSES,
  ORDER_TYPES,
  Price,
  PriceCitation,
  SIDES,
  TIMES_IN_FORCE,
  TrailingOffset,
  Units,
  Why,
} from '../fields.ts'
import { TradingFee } from '../trading-fee.ts'

/** What the trader asked for, in base units; quantities are of the base asset, cashOrderQty of the quote asset. */
const OrderTerms = {
  orderId: z.string(),
  number: z.number().int().positive(),
  clOrdId: z.string(),
  /** SHA-256 of the canonical terms, first 32 hex: same clOrdId with another hash is a conflict. */
  termsHash: z.string(),
  side: z.enum(SIDES),
  type: z.enum(ORDER_TYPES),
  timeInForce: z.enum(TIMES_IN_FORCE),
  orderQty: Units.nullable(),
  cashOrderQty: Units.nullable(),
  price: Price.nullable(),
  stopPrice: Price.nullable(),
  maxSlippageBps: z.number().int().nonnegative(),
  /** Deadline of a GTD or Day order, ms since the epoch. */
  expireAt: At.nullable(),
  strategyId: z.string().nullable(),
  trailingOffset: TrailingOffset.nullable(),
  reduceOnly: z.boolean(),
  postOnly: z.boolean(),
  list: ListPlace.nullable(),
  algo: AlgoSlice.nullable(),
  instrument: InstrumentTerms,
}

/** The order is New and its funds are reserved: one event, so no crash can part them. */
export const OrderAccepted = z.object({
  ...OrderTerms,
  /** Worst-case input: quote asset for a buy, base asset for a sell. */
  reserved: Amount,
  /** The price the reservation of an unpriced order was computed from. */
  reference: PriceCitation.nullable(),
  /** In force for all its trades; null: none is charged. */
  fee: TradingFee.nullable(),
  at: At,
})

/** A well-formed, authorised order that the decision refused. Nothing is reserved. */
export const OrderRejected = z.object({
  ...OrderTerms,
  code: z.enum(['insufficient_funds', 'limit_breached', 'halted', 'no_route']),
  text: z.string(),
  /** The rule that refused; null before version 6. */
  why: Why.nullable(),
  at: At,
})

/**
 * A resting order's condition was met by a quote. `stop`: the stop price, after which the order is a market or limit order;
 * `limit`: the limit price; `market`: a fresh price for a triggered stop that rests without a limit. All but the stop of a
 * stop_limit mean: it is to be executed now.
 */
export const OrderTriggered = z.object({
  orderId: z.string(),
  condition: z.enum(['stop', 'limit', 'market']),
  trigger: PriceCitation,
  at: At,
})

/** The market moved in favour of a trailing stop: its peak and with it the stop price moved on. */
export const OrderTrailed = z.object({ orderId: z.string(), peak: Price, stopPrice: Price, citation: PriceCitation, at: At })

/** A cancel that must wait for the open attempt's outcome: PendingCancel. `clOrdId`: the request's own, where it has one. */
export const OrderCancelRequested = z.object({ orderId: z.string(), clOrdId: z.string().nullable(), text: z.string(), at: At })

/** Terminal: the unexecuted remainder is dropped and its reservation released. */
export const OrderCanceled = z.object({
  orderId: z.string(),
  /** The request that this answers, where it had a ClOrdID. */
  clOrdId: z.string().nullable(),
  /** USER_REQUESTED, SLIPPAGE, IOC_REMAINDER, NO_ROUTE, TOO_MANY_ATTEMPTS, EXECUTION_FAILED … */
  text: z.string(),
  released: Amount,
  compensates: Compensation.nullable(),
  /** Canceled, unless a replace is pending that is refused next. */
  ordStatus: z.enum(ORD_STATUSES),
  at: At,
})

/** Terminal by its own time in force (GTD, Day). */
export const OrderExpired = z.object({
  orderId: z.string(),
  clOrdId: z.null(),
  text: z.string(),
  released: Amount,
  compensates: Compensation.nullable(),
  ordStatus: z.enum(ORD_STATUSES),
  at: At,
})

/** ExecType Trade. Booked from the transaction's token balance changes, never from the quote. */
export const TradeBooked = z.object({
  /** `<orderId>.<attempt>.<generation>` */
  execId: z.string(),
  orderId: z.string(),
  attempt: z.number().int().positive(),
  generation: z.number().int().positive(),
  signature: z.string(),
  symbol: z.string(),
  side: z.enum(SIDES),
  base: z.string(),
  quote: z.string(),
  baseDecimals: z.number().int(),
  quoteDecimals: z.number().int(),
  /** Base units executed, and quote units paid (buy) or received (sell). */
  lastQty: Units,
  lastQuote: Units,
  /** Part of the reservation that this trade gives back (a filled order keeps none). */
  released: Amount,
  /** After the trade, by precedence: what is pending outranks it; a late fill leaves the order as it ended. */
  ordStatus: z.enum(ORD_STATUSES),
  at: At,
})

/** ExecType TradeCancel: the transaction vanished from the chain, the trade and its lots are reversed. */
export const TradeCanceled = z.object({
  execId: z.string(),
  execRefId: z.string(),
  orderId: z.string(),
  symbol: z.string(),
  side: z.enum(SIDES),
  base: z.string(),
  quote: z.string(),
  baseDecimals: z.number().int(),
  quoteDecimals: z.number().int(),
  /** The reversed quantity and quote amount, positive. */
  busted: z.object({ qty: Units, quote: Units }),
  /** What the reopened order holds again; zero when it stays closed. */
  reserved: Amount,
  /** After the reversal, by precedence; null in events of before version 6, whose rule is: open again if it holds funds again. */
  ordStatus: z.enum(ORD_STATUSES).nullable(),
  compensates: Compensation,
  at: At,
})
