import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import type { EffectiveControl } from '../../events/controls.ts'
import type { ListPlace, OrdStatus, PriceCitation, SetBy } from '../../events/fields.ts'
import type { SetRules } from '../../events/limit-book.ts'
import type { LimitRules } from '../../events/limit-rules.ts'
import type { OrderFacts } from '../../events/order-document.ts'
import type { Asset, Instrument } from '../../events/reference/reference-event.ts'
import type { TradingFee } from '../../events/trading-fee.ts'
import type { Refusal } from '../../platform/http/problem.ts'
import type { AlgoRequest, AlgoState } from '../algo/algo-state.ts'
import type { CorrectionCommand } from '../ledger/correction.ts'
import type { PayoutCommand } from '../ledger/payout-command.ts'
import type { Exhausted, Need } from '../limits/allotments.ts'
import type { SigningControl } from '../limits/signing-block.ts'
import type { OrderFilter } from '../order/order-filter.ts'
import type { OrderRequest } from '../order/order-request.ts'
import type { Change } from '../order/requests.ts'
import type { LateLanding } from '../transaction/late-subject.ts'

export type { OrderRequest } from '../order/order-request.ts'

type Signed = DataOf<'TransactionSigned'>
type Landed = DataOf<'TransactionLanded'>
type Failed = DataOf<'TransactionFailed'>
type Expired = DataOf<'TransactionExpired'>
type Unknown = DataOf<'TransactionOutcomeUnknown'>
type Vanished = DataOf<'TransactionVanished'>
type Finalized = DataOf<'TransactionsFinalized'>

/** Every command an account takes: traders' first, then settlement's. Quotes and prices come inside the command. */
export type AccountCommand =
  | PayoutCommand
  | LateLanding
  | CorrectionCommand
  | { readonly type: 'OpenAccount'; readonly accountId: string }
  | { readonly type: 'RequestDeposit'; readonly depositId: string; readonly asset: Asset; readonly amount: bigint }
  | {
      readonly type: 'PlaceOrder'
      readonly request: OrderRequest
      readonly instrument: Instrument
      /** Mid price: required for a market order, which reserves by it. */
      readonly reference: PriceCitation | undefined
      /** `none`: the venue was asked and has no route. */
      readonly route: 'unprobed' | 'available' | 'none'
      /** In force when it is decided; the handler puts it in. */
      readonly control?: EffectiveControl
      /** Mid price, where the route knows a fresh one: price collars are held against it. */
      readonly mark?: PriceCitation
      /** Limits of wider scopes that are in force; the handler puts them in. */
      readonly limits?: readonly SetRules[]
      /** Wider limits that were asked for a share and had none left. */
      readonly exhausted?: readonly Exhausted[]
      /** Trading fee for the account's tier; the handler puts it in. */
      readonly fee?: TradingFee
      /** No strategy of the id that the order names was ever defined; the handler puts it in. */
      readonly strategyUnknown?: boolean
    }
  | { readonly type: 'SetFeeTier'; readonly tier: number; readonly by: string }
  | { readonly type: 'SetLimits'; readonly strategyId: string | null; readonly rules: LimitRules }
  | { readonly type: 'ReceiveAllotment'; readonly scope: string; readonly key: string; readonly total: bigint; readonly grant: SetBy }
  /** `granted`: all that the limit has granted; what of it never arrived is given back with the rest. */
  | { readonly type: 'ReturnAllotment'; readonly scope: string; readonly key: string; readonly granted: bigint }
  /** `clOrdId`: the request's own, which makes it a FIX cancel request; a plain DELETE has none. */
  | { readonly type: 'CancelOrder'; readonly number: number; readonly clOrdId?: string }
  | {
      readonly type: 'ReplaceOrder'
      readonly number: number
      readonly clOrdId: string
      readonly change: Change
      /** In force when it is decided; the handler puts it in. */
      readonly control?: EffectiveControl
      readonly limits?: readonly SetRules[]
      readonly exhausted?: readonly Exhausted[]
      /** Mid price, where the route knows a fresh one. */
      readonly mark?: PriceCitation
    }
  /** Orders that belong together: all are accepted, or none. `list` of each leg is the decider's to fill in. */
  | {
      readonly type: 'PlaceList'
      readonly listId: string
      readonly kind: ListPlace['kind']
      readonly legs: readonly OrderRequest[]
      readonly instrument: Instrument
      readonly reference: PriceCitation | undefined
      /** In force when it is decided, for all legs alike; the handler puts it in. */
      readonly control?: EffectiveControl
      readonly limits?: readonly SetRules[]
      readonly fee?: TradingFee
      readonly strategyUnknown?: boolean
    }
  /** Mass cancel: every open order that matches. */
  | { readonly type: 'CancelOrders'; readonly filter: OrderFilter }
  /** The trader takes back a cancel or replace that is pending. */
  | { readonly type: 'WithdrawRequest'; readonly number: number; readonly clOrdId: string }
  /** Arms the dead-man switch, again before its deadline to keep the orders; 0 takes it off. */
  | { readonly type: 'ArmDeadMan'; readonly timeoutMs: number }
  | { readonly type: 'StartAlgo'; readonly request: AlgoRequest; readonly strategyUnknown?: boolean }
  | { readonly type: 'PauseAlgo' | 'ResumeAlgo' | 'CancelAlgo'; readonly algoId: string }
  /** A slice of an algo whose time came with nothing to place. */
  | { readonly type: 'SkipSlice'; readonly algoId: string; readonly slice: number }
  /** The algo has nothing more to place. */
  | { readonly type: 'EndAlgo'; readonly algoId: string }
  | { readonly type: 'AssignWallet'; readonly publicKey: string; readonly path: string }
  /** A transfer to the wallet that nobody had asked for, final on the chain; `tokenAccount` is the wallet itself for native SOL. */
  | {
      readonly type: 'BookUnrequestedCredit'
      readonly signature: string
      readonly slot: number
      readonly tokenAccount: string
      readonly asset: Asset
      readonly amount: bigint
    }
  | { readonly type: 'FailDeposit'; readonly depositId: string; readonly reason: string }
  /** A quote for a resting order: the decider knows which of its conditions it must meet. */
  | { readonly type: 'TriggerOrder'; readonly number: number; readonly trigger: PriceCitation }
  /** A quote that a trailing stop follows; the instrument's tick is the least step worth recording. */
  | { readonly type: 'TrailOrder'; readonly number: number; readonly quote: PriceCitation; readonly tickSize: string }
  /** The timer's word that a GTD or Day order's deadline is over. */
  | { readonly type: 'ExpireOrder'; readonly number: number }
  /** The timer's word that the dead-man switch was not answered in time. */
  | { readonly type: 'FireDeadMan' }
  /** A halt of one of the order's scopes while its attempt is open; the handler puts in the control that is in force. */
  | { readonly type: 'HaltOrder'; readonly number: number; readonly control?: EffectiveControl }
  /** Ends an executable order that cannot be executed (no route, price beyond its limit) and has no open attempt. */
  | { readonly type: 'KillOrder'; readonly number: number; readonly text: string }
  | ({ readonly type: 'RecordSigned'; readonly control?: SigningControl; readonly builtFor?: BuiltFor } & Omit<Signed, 'at'>)
  | ({ readonly type: 'BookLanded' } & OverRequests & Omit<Landed, 'at' | 'generation'>)
  | ({ readonly type: 'BookFailed' } & OverRequests & Omit<Failed, 'at' | 'generation'>)
  | ({ readonly type: 'BookExpired' } & OverRequests & Omit<Expired, 'at'>)
  | ({ readonly type: 'BookUnknown' } & Omit<Unknown, 'at'>)
  | ({ readonly type: 'BookVanished' } & Omit<Vanished, 'at' | 'returned'>)
  | ({ readonly type: 'BookFinalized' } & Omit<Finalized, 'at' | 'settled'>)

/** The order as the transaction was built for it: what has changed it since makes the bytes another order's. */
export interface BuiltFor {
  /** ClOrdID of the newest terms. */
  readonly clOrdId: string
  readonly cumQty: bigint
  readonly cumQuote: bigint
}

/** An attempt's end decides the replaces that waited for it: the wider limits in force then; the handler puts them in. */
interface OverRequests {
  readonly limits?: readonly SetRules[]
}

/** Who asked, when, and under which ids; becomes the metadata of the events. */
export interface CommandContext {
  /** Unique in the account's stream, derived from the request where it has a natural key: `o-<clOrdId>`, `d-<depositId>`. */
  readonly commandId: string
  readonly correlationId: string
  readonly causationId: string
  readonly actor: string
  /** Command time, ms, read once at the edge. */
  readonly time: number
  readonly traceparent?: string | undefined
}

export interface DepositFacts {
  readonly depositId: string
  readonly status: 'requested' | 'credited' | 'failed' | 'reversed'
}

/** What a decision answers. `first` false: the same command had been accepted before. */
export type Answer =
  | { readonly kind: 'account'; readonly first: boolean }
  | { readonly kind: 'deposit'; readonly deposit: DepositFacts; readonly first: boolean }
  /** `first` false: a cancel that had been asked for before. */
  | { readonly kind: 'order'; readonly order: Omit<OrderFacts, 'position'>; readonly first: boolean }
  /** A document of its own, to which the position is added. `first` false: nothing had to be done. */
  | { readonly kind: 'document'; readonly document: Readonly<Record<string, unknown>>; readonly first: boolean }
  /** A clOrdId or depositId came again with the same terms: the first answer is rebuilt from the event at this revision. */
  | { readonly kind: 'repeated'; readonly revision: bigint }
  | { readonly kind: 'dead_man'; readonly deadline: number | null }
  /** `first` false: it had been started before, or this was no start. */
  | { readonly kind: 'algo'; readonly algo: AlgoState; readonly status: AlgoState['status'] | 'Canceled'; readonly first: boolean }
  /** A wider limit has to grant the account a share first; nothing was decided. */
  | { readonly kind: 'needs_shares'; readonly needs: readonly Need[] }
  | {
      readonly kind: 'list'
      readonly listId: string
      readonly orders: readonly Omit<OrderFacts, 'position'>[]
      readonly first: boolean
    }
  /** Orders that a mass cancel meant, as they stand now. */
  | { readonly kind: 'orders'; readonly orders: readonly { readonly orderId: string; readonly ordStatus: OrdStatus }[] }
  | { readonly kind: 'done' }
  /** Already true or no longer applicable: nothing to append. */
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Events to append in one go, and the answer once they are durable. A recorded refusal has both. */
export interface Decision {
  readonly events: readonly AccountEvent[]
  readonly answer: Answer
}
