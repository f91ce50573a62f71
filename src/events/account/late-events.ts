import { z } from 'zod'
import { At, Compensation, SIDES, Units } from '../fields.ts'
import { Costs, TokenDelta } from './transaction-events.ts'

/**
 * Final on the chain although the account had taken it to be over: its proof of expiry was accepted, or another signature had already
 * done what was asked. Booked once, from the chain's word; what it did is told by the events of the same append.
 */
export const TransactionLandedLate = z.object({
  ref: z.string(),
  attempt: z.number().int().positive(),
  signature: z.string(),
  generation: z.number().int().positive(),
  /** What it contradicts. */
  contradicts: z.enum(['expiry', 'execution']),
  slot: z.number().int().nonnegative(),
  ...Costs.shape,
  deltas: z.array(TokenDelta),
  at: At,
})

/**
 * Executed on the chain beyond what the order asked for: no fill of the order, whose arithmetic holds, but the account's position and
 * money all the same. Final when it is booked.
 */
export const TradeOverfilled = z.object({
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
  strategyId: z.string().nullable(),
  lastQty: Units,
  lastQuote: Units,
  compensates: Compensation,
  at: At,
})

/** Left the wallet although the withdrawal had ended, or a second time: taken from available, which may become negative. */
export const FundsWithdrawalLate = z.object({
  withdrawalId: z.string(),
  asset: z.string(),
  amount: Units,
  signature: z.string(),
  attempt: z.number().int().positive(),
  compensates: Compensation,
  at: At,
})
