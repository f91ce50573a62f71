import { Map as ImmutableMap, List, OrderedMap } from 'immutable'
import { isTerminal } from '../../events/fields.ts'
import type { KnownId } from '../account/known-ids.ts'
import type { AccountState } from '../account/state.ts'
import type { AlgoState } from '../algo/algo-state.ts'
import type { CorrectionState, DivergenceState } from '../ledger/correction.ts'
import type { DepositState } from '../ledger/deposit.ts'
import type { PayoutState } from '../ledger/payout.ts'
import { type AttemptState, earlierKey } from '../transaction/attempt-state.ts'
import { decodeOrders, encodeOrders, type PackedOrders } from './order-codec.ts'
import { decodeRisk, encodeRisk, type PackedRisk } from './risk-codec.ts'
import { tagged, untagged } from './tagged.ts'

/** The fold as JSON: arrays instead of records where there can be many. Sealed segments are streams of their own. */
export interface PackedState {
  readonly accountId: string | null
  readonly revision: string
  readonly lastAt: number
  readonly wallet: AccountState['wallet'] | null
  readonly nextOrder: number
  readonly balances: readonly (readonly [string, string, string])[]
  readonly collected: readonly (readonly [asset: string, units: string])[]
  readonly feeTier: number
  readonly orders: PackedOrders
  readonly canceled: PackedOrders
  readonly closed: readonly PackedId[]
  readonly segments: number
  readonly rejected: readonly PackedId[]
  readonly rejectedAt: readonly number[]
  readonly deadMan: AccountState['deadMan'] | null
  readonly deposits: readonly unknown[]
  readonly unrequested: readonly (readonly [tokenAccount: string, floor: number, newest: readonly (readonly [string, number])[]])[]
  readonly algos: readonly unknown[]
  readonly payouts: readonly unknown[]
  readonly late: readonly string[]
  readonly divergences: readonly (readonly [asset: string, divergence: unknown])[]
  readonly corrections: readonly unknown[]
  readonly attempts: readonly unknown[]
  readonly earlier: readonly unknown[]
  readonly risk: PackedRisk
}
type PackedId = readonly [string, string, string]

export const encodeState = (s: AccountState): PackedState => ({
  accountId: s.accountId ?? null,
  revision: s.revision.toString(),
  lastAt: s.lastAt,
  wallet: s.wallet ?? null,
  nextOrder: s.nextOrder,
  balances: [...s.balances].map(([asset, b]) => [asset, b.available.toString(), b.reserved.toString()]),
  collected: [...s.collected].map(([asset, units]) => [asset, units.toString()]),
  feeTier: s.feeTier,
  orders: encodeOrders(s.orders.values()),
  canceled: encodeOrders(s.canceled.values()),
  closed: encodeIds(s.closed),
  segments: s.segments,
  rejected: encodeIds(s.rejected),
  rejectedAt: s.rejectedAt,
  deadMan: s.deadMan ?? null,
  deposits: [...s.deposits.values()].map(tagged),
  unrequested: [...s.unrequested].map(([tokenAccount, { floor, newest }]) => [tokenAccount, floor, [...newest]]),
  algos: [...s.algos.values()].map(tagged),
  payouts: [...s.payouts.values()].map(tagged),
  late: s.late,
  divergences: [...s.divergences].map(([asset, d]) => [asset, tagged(d)]),
  corrections: [...s.corrections.values()].map(tagged),
  attempts: [...s.attempts.values()].map(tagged),
  earlier: [...s.earlier.values()].map(tagged),
  risk: encodeRisk(s.risk),
})

export const decodeState = (p: PackedState): AccountState => {
  const orders = decodeOrders(p.orders)
  const attempts = p.attempts.map((a) => untagged(a) as AttemptState)
  return {
    accountId: p.accountId ?? undefined,
    revision: BigInt(p.revision),
    lastAt: p.lastAt,
    wallet: p.wallet ?? undefined,
    nextOrder: p.nextOrder,
    balances: ImmutableMap(
      p.balances.map(([asset, available, reserved]) => [asset, { available: BigInt(available), reserved: BigInt(reserved) }]),
    ),
    collected: ImmutableMap(p.collected.map(([asset, units]) => [asset, BigInt(units)])),
    feeTier: p.feeTier,
    orders: ImmutableMap(orders.map((o) => [o.number, o])),
    openOrders: orders.filter((o) => !isTerminal(o.ordStatus)).length,
    openByClOrdId: ImmutableMap(orders.map((o) => [o.clOrdId, o.number])),
    canceled: OrderedMap(decodeOrders(p.canceled).map((o) => [o.number, o])),
    closed: ImmutableMap(decodeIds(p.closed)),
    sealed: List(),
    segments: p.segments,
    rejected: OrderedMap(decodeIds(p.rejected)),
    rejectedAt: p.rejectedAt,
    deadMan: p.deadMan ?? undefined,
    deposits: ImmutableMap(p.deposits.map((d) => untagged(d) as DepositState).map((d) => [d.depositId, d])),
    unrequested: ImmutableMap(
      p.unrequested.map(([account, floor, newest]) => [
        account,
        { floor, newest: OrderedMap<string, number>([...newest].map(([hash, slot]) => [hash, slot])) },
      ]),
    ),
    algos: ImmutableMap(p.algos.map((a) => untagged(a) as AlgoState).map((a) => [a.algoId, a])),
    late: p.late,
    divergences: ImmutableMap(p.divergences.map(([asset, d]) => [asset, untagged(d) as DivergenceState])),
    corrections: ImmutableMap(p.corrections.map((c) => untagged(c) as CorrectionState).map((c) => [c.correctionId, c])),
    payouts: ImmutableMap(p.payouts.map((d) => untagged(d) as PayoutState).map((d) => [d.ref, d])),
    attempts: ImmutableMap(attempts.map((a) => [a.ref, a])),
    earlier: ImmutableMap(p.earlier.map((a) => untagged(a) as AttemptState).map((a) => [earlierKey(a.ref, a.attempt), a])),
    risk: decodeRisk(p.risk),
  }
}

const encodeIds = (ids: ImmutableMap<string, KnownId>): PackedId[] =>
  [...ids].map(([hash, { termsHash, revision }]) => [hash, termsHash, revision.toString()])
const decodeIds = (ids: readonly PackedId[]): [string, KnownId][] =>
  ids.map(([hash, termsHash, revision]) => [hash, { termsHash, revision: BigInt(revision) }])
