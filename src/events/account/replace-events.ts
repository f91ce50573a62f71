import { z } from 'zod'
import { Amount, At, CXL_REJ_REASONS, ORD_STATUSES, Price, ReplaceTerms, Units, Why } from '../fields.ts'

/** The request's own ClOrdID, and the last accepted one of the order. */
const Request = { orderId: z.string(), clOrdId: z.string(), origClOrdId: z.string() }

/** A replace that must wait for the open attempt's outcome: PendingReplace. */
export const OrderReplaceRequested = z.object({ ...Request, termsHash: z.string(), change: ReplaceTerms, at: At })

/** ExecType Replaced: the order has new terms and the request's ClOrdID. */
export const OrderReplaced = z.object({
  ...Request,
  termsHash: z.string(),
  /** The terms from now on; a quantity below CumQty has become CumQty. */
  orderQty: Units.nullable(),
  cashOrderQty: Units.nullable(),
  price: Price.nullable(),
  stopPrice: Price.nullable(),
  /** What is held more than before; negative when funds are given back. */
  reserved: Amount,
  ordStatus: z.enum(ORD_STATUSES),
  at: At,
})

/** OrderCancelReject of a replace: the order goes on under its old terms, if it goes on. */
export const OrderReplaceRejected = z.object({
  ...Request,
  termsHash: z.string(),
  cxlRejReason: z.enum(CXL_REJ_REASONS),
  /** What the request is refused with when it is refused at once; `withdrawn`: by the trader. */
  code: z.enum(['too_late_to_cancel', 'insufficient_funds', 'limit_breached', 'halted', 'withdrawn']),
  text: z.string(),
  /** The rule that refused it, where one did. */
  why: Why.optional(),
  ordStatus: z.enum(ORD_STATUSES),
  at: At,
})

/** OrderCancelReject of a cancel that was pending; without a ClOrdID it was the platform's or a plain DELETE. */
export const OrderCancelRejected = z.object({
  orderId: z.string(),
  clOrdId: z.string().nullable(),
  cxlRejReason: z.enum(CXL_REJ_REASONS),
  text: z.string(),
  ordStatus: z.enum(ORD_STATUSES),
  at: At,
})
