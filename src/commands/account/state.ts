import { Map as ImmutableMap } from 'immutable'
import type { InstrumentTerms, OrderType, OrdStatus, Side, TimeInForce } from '../../events/fields.ts'

export interface Balance {
  readonly available: bigint
  readonly reserved: bigint
}

/** An order that is open, or closed with an attempt that is not final yet. */
export interface OrderState {
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
  readonly ordStatus: OrdStatus
  readonly text: string | null
  readonly cumQty: bigint
  readonly cumQuote: bigint
  /** What the order still holds of the reserved asset. */
  readonly reserved: { readonly asset: string; readonly amount: bigint }
  /** To be executed now: immediate orders from the start, resting ones while triggered. */
  readonly executable: boolean
  /** Price the reservation or the last trigger was computed from; null for a resting limit order before its trigger. */
  readonly reference: string | null
  /** Why a cancel is pending; null when none is. */
  readonly cancelText: string | null
  readonly failedAttempts: number
  readonly acceptedRevision: bigint
  readonly acceptedAt: number
}

export type AttemptPhase = 'open' | 'landed' | 'failed' | 'expired'

/** The newest attempt of a ref, kept until it is final or proven expired. */
export interface AttemptState {
  readonly ref: string
  readonly attempt: number
  readonly purpose: 'swap' | 'deposit'
  readonly phase: AttemptPhase
  readonly signature: string
  /** Base64; null once the attempt is not open. */
  readonly rawBytes: string | null
  readonly lastValidBlockHeight: number
  readonly minSlot: number
  readonly signedAt: number
  /** Landings so far: 0 while it never landed. */
  readonly generation: number
  readonly slot: number | null
  /** A TransactionOutcomeUnknown was recorded and not resolved yet. */
  readonly unknown: boolean
}

export interface DepositState {
  readonly depositId: string
  readonly asset: string
  readonly mint: string
  readonly decimals: number
  readonly amount: bigint
  readonly status: 'requested' | 'credited' | 'failed' | 'reversed'
  readonly attempts: number
  readonly requestedRevision: bigint
}

/** Where a closed or rejected order's first event is, for duplicates. */
export interface ClosedOrder {
  readonly number: number
  readonly termsHash: string
  readonly revision: bigint
}

/** The fold of an account stream. Immutable, with shared structure: a batch is decided on it and thrown away on a conflict. */
export interface AccountState {
  /** Undefined until AccountOpened. */
  readonly accountId: string | undefined
  /** Revision of the last folded event; -1 for none. */
  readonly revision: bigint
  /** `at` of the last folded event. */
  readonly lastAt: number
  readonly wallet: { readonly publicKey: string; readonly path: string } | undefined
  /** Next order number, from 1. */
  readonly nextOrder: number
  readonly balances: ImmutableMap<string, Balance>
  /** By order number. */
  readonly orders: ImmutableMap<number, OrderState>
  /** clOrdId → number of the orders in `orders`. */
  readonly openByClOrdId: ImmutableMap<string, number>
  /** clOrdId → closed accepted orders of the current segment; older ones are in stored segments. */
  readonly closed: ImmutableMap<string, ClosedOrder>
  /** Stored segments of closed orders so far. */
  readonly segments: number
  /** clOrdId → rejected orders, the last 1,000. */
  readonly rejected: ImmutableMap<string, ClosedOrder>
  /** `at` of the rejections of the last minute, oldest first. */
  readonly rejectedAt: readonly number[]
  readonly deposits: ImmutableMap<string, DepositState>
  /** Newest attempt by ref. */
  readonly attempts: ImmutableMap<string, AttemptState>
}

export const EMPTY_ACCOUNT: AccountState = {
  accountId: undefined,
  revision: -1n,
  lastAt: 0,
  wallet: undefined,
  nextOrder: 1,
  balances: ImmutableMap(),
  orders: ImmutableMap(),
  openByClOrdId: ImmutableMap(),
  closed: ImmutableMap(),
  segments: 0,
  rejected: ImmutableMap(),
  rejectedAt: [],
  deposits: ImmutableMap(),
  attempts: ImmutableMap(),
}
