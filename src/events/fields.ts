import { z } from 'zod'

/** Base units as a decimal integer string; JSON has no bigint. */
export const Units = z.string().regex(/^-?\d+$/)
/** A price in quote per whole base, canonical decimal. */
export const Price = z.string().regex(/^\d+(\.\d+)?$/)
/** Decision time, ms since the epoch: never before the stream's previous event. */
export const At = z.number().int().nonnegative()

export const Amount = z.object({ asset: z.string(), amount: Units })
export type Amount = z.infer<typeof Amount>

export const SIDES = ['buy', 'sell'] as const
export const ORDER_TYPES = ['market', 'limit', 'stop', 'stop_limit', 'trailing_stop'] as const
export const TIMES_IN_FORCE = ['ioc', 'fok', 'gtc', 'gtd', 'day'] as const
export type Side = (typeof SIDES)[number]
export type OrderType = (typeof ORDER_TYPES)[number]
export type TimeInForce = (typeof TIMES_IN_FORCE)[number]

/** OrdStatus (FIX 39), spelled out. */
export const ORD_STATUSES = [
  'PendingNew',
  'New',
  'PartiallyFilled',
  'Filled',
  'PendingCancel',
  'PendingReplace',
  'Canceled',
  'Expired',
  'Rejected',
] as const
export type OrdStatus = (typeof ORD_STATUSES)[number]
export const isTerminal = (status: OrdStatus): boolean =>
  status === 'Filled' || status === 'Canceled' || status === 'Expired' || status === 'Rejected'

/** CxlRejReason (FIX 102), spelled out. */
export const CXL_REJ_REASONS = ['TooLateToCancel', 'UnknownOrder', 'BrokerOption', 'AlreadyPending', 'DuplicateClOrdID'] as const
export type CxlRejReason = (typeof CXL_REJ_REASONS)[number]

/** The terms of an instrument version, copied into each order: a trade settles under the version in force when it was accepted. */
export const InstrumentTerms = z.object({
  symbol: z.string(),
  version: z.number().int().positive(),
  base: z.string(),
  quote: z.string(),
  baseMint: z.string(),
  quoteMint: z.string(),
  baseDecimals: z.number().int().min(0).max(12),
  quoteDecimals: z.number().int().min(0).max(12),
})
export type InstrumentTerms = z.infer<typeof InstrumentTerms>

/** How far a trailing stop stays behind the best price: a price difference, or basis points of it. */
export const TrailingOffset = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('price'), value: Price }),
  z.object({ kind: z.literal('bps'), value: z.number().int().positive() }),
])
export type TrailingOffset = z.infer<typeof TrailingOffset>

/** Place of an order in its list; `waitsFor` is the order number whose fill releases it. */
export const ListPlace = z.object({
  listId: z.string(),
  kind: z.enum(['oco', 'oto', 'bracket']),
  leg: z.number().int().nonnegative(),
  waitsFor: z.number().int().positive().nullable(),
})
export type ListPlace = z.infer<typeof ListPlace>

/** The algo that placed an order, and which of its slices it is. */
export const AlgoSlice = z.object({ algoId: z.string(), slice: z.number().int().nonnegative() })
export type AlgoSlice = z.infer<typeof AlgoSlice>

/** What a replace changes, in base units; null is left as it is. Quantities are totals that include what has traded. */
export const ReplaceTerms = z.object({
  orderQty: Units.nullable(),
  cashOrderQty: Units.nullable(),
  price: Price.nullable(),
  stopPrice: Price.nullable(),
})

/** A market price that decided something, cited by source and time (ms). */
export const PriceCitation = z.object({ price: Price, sourceId: z.string(), time: At })
export type PriceCitation = z.infer<typeof PriceCitation>

/** What a compensating event undoes: the cause, the command whose effect is reversed, and that effect. */
export const Compensation = z.object({
  cause: z.object({ type: z.string(), ref: z.string(), attempt: z.number().int().nonnegative().nullable() }),
  command: z.string(),
  reverses: z.enum(['reservation', 'trade', 'deposit', 'credit', 'withdrawal', 'transfer', 'fee', 'balance']),
  effect: Amount,
})
export type Compensation = z.infer<typeof Compensation>

/** The event that set a rule. */
export const SetBy = z.object({ streamId: z.string(), revision: Units })
export type SetBy = z.infer<typeof SetBy>

/**
 * Why a decision refused: the rule, whose rule it is, its value, what was held against it, and the event that set it
 * (absent for a constant of this build).
 */
export const Why = z.object({
  rule: z.string(),
  scope: z.string().optional(),
  limit: z.string().optional(),
  value: z.string().optional(),
  setBy: SetBy.optional(),
  /** The market price that the value was held against. */
  reference: PriceCitation.optional(),
})
export type Why = z.infer<typeof Why>
