import { Map as ImmutableMap, List, OrderedMap } from 'immutable'
import type { Algos } from '../algo/algo-state.ts'
import type { Balances } from '../ledger/balances.ts'
import type { CorrectionState, DivergenceState } from '../ledger/correction.ts'
import type { DepositState } from '../ledger/deposit.ts'
import type { PayoutState } from '../ledger/payout.ts'
import type { Unrequested } from '../ledger/unrequested.ts'
import { NO_RISK, type RiskState } from '../limits/risk-state.ts'
import type { OrderState } from '../order/order-state.ts'
import type { Attempts } from '../transaction/attempt-state.ts'
import type { LateLandings } from '../transaction/late.ts'
import type { KnownIds } from './known-ids.ts'

export type { Balance } from '../ledger/balances.ts'
export type { DepositState } from '../ledger/deposit.ts'
export type { OrderState } from '../order/order-state.ts'
export type { AttemptPhase, AttemptState } from '../transaction/attempt-state.ts'

/** The fold of an account stream. Immutable, with shared structure: a batch is decided on it and thrown away on a conflict. */
export interface AccountState extends Attempts, KnownIds, Algos {
  /** Undefined until AccountOpened. */
  readonly accountId: string | undefined
  /** Revision of the last folded event; -1 for none. */
  readonly revision: bigint
  /** `at` of the last folded event. */
  readonly lastAt: number
  readonly wallet: { readonly publicKey: string; readonly path: string } | undefined
  /** Next order number, from 1. */
  readonly nextOrder: number
  readonly balances: Balances
  /** Trading fees by asset that the house has collected and that still lie in the wallet, base units. */
  readonly collected: ImmutableMap<string, bigint>
  /** Tier of the fee schedules. */
  readonly feeTier: number
  /** By order number: open ones, and closed ones whose attempts are not final yet. */
  readonly orders: ImmutableMap<number, OrderState>
  /** How many of `orders` are open. */
  readonly openOrders: number
  /** clOrdId → number of the orders in `orders`. */
  readonly openByClOrdId: ImmutableMap<string, number>
  /** The last orders that were cancelled at the trader's request and left `orders`: their DELETE is answered again. */
  readonly canceled: OrderedMap<number, OrderState>
  /** `at` of the rejections of the last minute, oldest first. */
  readonly rejectedAt: readonly number[]
  /** The armed dead-man switch: at the deadline (ms) its timer cancels the open orders. */
  readonly deadMan: { readonly timeoutMs: number; readonly deadline: number } | undefined
  /** Deposits not credited yet, or whose transaction is not final. */
  readonly deposits: ImmutableMap<string, DepositState>
  readonly unrequested: Unrequested
  readonly risk: RiskState
  /** Withdrawals and outgoing transfers by ref: not ended yet, or with attempts that are not final. */
  readonly payouts: ImmutableMap<string, PayoutState>
  readonly late: LateLandings
  /** By asset: where ledger and chain are known to differ. */
  readonly divergences: ImmutableMap<string, DivergenceState>
  /** Corrections by hand that wait for a second actor. */
  readonly corrections: ImmutableMap<string, CorrectionState>
}

/** Address of the account's wallet: the owner of its token accounts. Empty before it has one, which owns nothing. */
export const walletOf = ({ wallet }: Pick<AccountState, 'wallet'>): string => wallet?.publicKey ?? ''

export const EMPTY_ACCOUNT: AccountState = {
  accountId: undefined,
  revision: -1n,
  lastAt: 0,
  wallet: undefined,
  nextOrder: 1,
  balances: ImmutableMap(),
  collected: ImmutableMap(),
  feeTier: 0,
  orders: ImmutableMap(),
  openOrders: 0,
  openByClOrdId: ImmutableMap(),
  canceled: OrderedMap(),
  closed: ImmutableMap(),
  sealed: List(),
  segments: 0,
  rejected: OrderedMap(),
  rejectedAt: [],
  deadMan: undefined,
  deposits: ImmutableMap(),
  unrequested: ImmutableMap(),
  algos: ImmutableMap(),
  risk: NO_RISK,
  payouts: ImmutableMap(),
  late: [],
  divergences: ImmutableMap(),
  corrections: ImmutableMap(),
  attempts: ImmutableMap(),
  earlier: ImmutableMap(),
}
