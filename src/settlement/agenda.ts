import { algoStep } from '../commands/account/algos.ts'
import type { AccountCommand } from '../commands/account/command.ts'
import type { AccountState } from '../commands/account/state.ts'
import type { AlgoState } from '../commands/algo/algo-state.ts'
import type { AlgoStep } from '../commands/algo/next-step.ts'
import { type DepositState, depositRef } from '../commands/ledger/deposit.ts'
import type { PayoutState } from '../commands/ledger/payout.ts'
import { deadlineOf, waitingFor } from '../commands/order/conditions.ts'
import type { OrderState } from '../commands/order/order-state.ts'
import {
  type AttemptState,
  awaitingFinality,
  hasOpenAttempt,
  isRefSettled,
  mayStillSucceed,
  openAttempts,
} from '../commands/transaction/attempt-state.ts'

/** Something settlement has to do for an account now, or to watch until it can. */
export type Action =
  | { readonly kind: 'assign_wallet' }
  /** An open attempt: send its bytes, watch its status, prove its end. */
  | { readonly kind: 'follow'; readonly attempt: AttemptState }
  /** Landed or failed, provisional until its slot is final. */
  | { readonly kind: 'finalize'; readonly attempt: AttemptState }
  | { readonly kind: 'deposit'; readonly deposit: DepositState; readonly ref: string; readonly attempt: number }
  /** A withdrawal or transfer that is to be sent. */
  | { readonly kind: 'payout'; readonly payout: PayoutState; readonly ref: string; readonly attempt: number }
  /** A transfer whose transaction is final: the other account books it. */
  | { readonly kind: 'deliver'; readonly payout: PayoutState }
  | { readonly kind: 'swap'; readonly order: OrderState; readonly ref: string; readonly attempt: number }
  /** A resting order that waits for a price. */
  | { readonly kind: 'watch'; readonly order: OrderState }
  /** An algo with something to do, now or at a time. */
  | { readonly kind: 'algo'; readonly algo: AlgoState; readonly step: Exclude<AlgoStep, { kind: 'none' }> }
  /** A deadline, ms, and the command that is due then. */
  | { readonly kind: 'timer'; readonly at: number; readonly ref: string; readonly command: TimedCommand }

/** Commands that time alone asks for. */
export type TimedCommand = Extract<AccountCommand, { type: 'ExpireOrder' | 'FireDeadMan' | 'ExpireCorrection' }>

/** Everything an account's fold asks for, running attempts first. Empty: the account needs nothing until its next event. */
export const agenda = (state: AccountState): readonly Action[] => {
  if (state.accountId === undefined) return []
  if (state.wallet === undefined) return [{ kind: 'assign_wallet' }]
  return [
    ...openAttempts(state).map((attempt): Action => ({ kind: 'follow', attempt })),
    ...awaitingFinality(state).map((attempt): Action => ({ kind: 'finalize', attempt })),
    ...[...state.deposits.values()].flatMap((deposit) => depositAction(state, deposit)),
    ...[...state.payouts.values()].flatMap((payout) => payoutAction(state, payout)),
    ...[...state.orders.values()].flatMap((order) => orderAction(state, order)),
    ...[...state.algos.values()].flatMap((algo) => algoAction(state, algo)),
    ...timers(state),
  ]
}

const depositAction = (state: AccountState, deposit: DepositState): Action[] => {
  const ref = depositRef(deposit.depositId)
  if (deposit.status !== 'requested' || hasOpenAttempt(state, ref) || mayStillSucceed(state, ref)) return []
  return [{ kind: 'deposit', deposit, ref, attempt: nextAttempt(state, ref) }]
}

const payoutAction = (state: AccountState, payout: PayoutState): Action[] => {
  if (payout.kind === 'transfer' && payout.status === 'sent' && payout.sent?.final) return [{ kind: 'deliver', payout }]
  // The next attempt waits until the last one can't land any more.
  if (payout.status !== 'ready' || payout.cancelAsked || !isRefSettled(state, payout.ref)) return []
  return [{ kind: 'payout', payout, ref: payout.ref, attempt: nextAttempt(state, payout.ref) }]
}

const orderAction = (state: AccountState, order: OrderState): Action[] => {
  const ref = String(order.number)
  // A pending cancel waits for its attempt, and anything else that is not open is over.
  if ((order.ordStatus !== 'New' && order.ordStatus !== 'PartiallyFilled') || hasOpenAttempt(state, ref)) return []
  // its finality is watched, and wakes the account
  if (order.executable) return mayStillSucceed(state, ref) ? [] : [{ kind: 'swap', order, ref, attempt: nextAttempt(state, ref) }]
  return waitingFor(order) ? [{ kind: 'watch', order }] : []
}

const algoAction = (state: AccountState, algo: AlgoState): Action[] => {
  const step = algoStep(state, algo)
  return step.kind === 'none' ? [] : [{ kind: 'algo', algo, step }]
}

/** The next deadline of the account's orders (all of them, where several end at once), and its dead-man switch. */
const timers = (state: AccountState): Action[] => {
  let next = Number.POSITIVE_INFINITY
  let ending: OrderState[] = []
  for (const order of state.orders.values()) {
    // an end that is pending already comes with the attempt's
    const deadline = order.cancelText === null ? deadlineOf(order) : null
    if (deadline === null || deadline > next) continue
    if (deadline < next) ending = []
    next = deadline
    ending.push(order)
  }
  const deadMan = state.deadMan ? [timer(state.deadMan.deadline, 'dead-man', { type: 'FireDeadMan' })] : []
  const corrections = [...state.corrections.values()].map(({ correctionId, expiresAt }) =>
    timer(expiresAt, correctionId, { type: 'ExpireCorrection', correctionId }),
  )
  return [...corrections, ...ending.map(({ number }) => timer(next, String(number), { type: 'ExpireOrder', number })), ...deadMan]
}

const timer = (at: number, ref: string, command: TimedCommand): Action => ({ kind: 'timer', at, ref, command })

const nextAttempt = (state: AccountState, ref: string): number => (state.attempts.get(ref)?.attempt ?? 0) + 1
