import { depositCommandId, depositTermsHash, failDeposit, requestDeposit } from '../ledger/deposit.ts'
import { tooManyDeposits } from '../ledger/open-funds.ts'
import { broughtBy, totals } from '../ledger/provisional.ts'
import { isUnrequestedId } from '../ledger/unrequested.ts'
import { HALTED_TEXT } from '../limits/control-check.ts'
import { cancelFor, endOrder } from '../order/cancel.ts'
import { trailOrder, triggerOrder } from '../order/trigger.ts'
import { findAttempt, hasOpenAttempt } from '../transaction/attempt-state.ts'
import { decideAlgo } from './algos.ts'
import { done, ignored, noSuchAccount, refused, repeated } from './answers.ts'
import { bookLate } from './book-late.ts'
import { bookExpired, bookFailed, bookLanded } from './book-outcome.ts'
import { bookUnrequested } from './book-unrequested.ts'
import { bookVanished } from './book-vanished.ts'
import type { AccountCommand, Decision } from './command.ts'
import { coverDeficit } from './cover-deficit.ts'
import { decideCorrection } from './decide-correction.ts'
import { decidePayout } from './decide-payout.ts'
import { receiveAllotment, returnAllotment, setLimits } from './keep-limits.ts'
import { findKnown } from './known-ids.ts'
import { takeReservation, withListEffects } from './list-effects.ts'
import { massCancel } from './mass-cancel.ts'
import { cancel, replaceOrder, withdraw } from './order-requests.ts'
import { placeList } from './place-list.ts'
import { placeOrder } from './place-order.ts'
import { recordSigned } from './record-signed.ts'
import type { AccountState } from './state.ts'
import { armDeadMan, expire, fireDeadMan } from './timers.ts'

type CommandOf<T extends AccountCommand['type']> = Extract<AccountCommand, { type: T }>

/**
 * What the account does about a command: the events to append and the answer. Pure; never throws.
 * `time` is the command's; the decision's own is never before the stream's last event.
 */
export const decide = (state: AccountState, command: AccountCommand, time: number): Decision => {
  const at = Math.max(time, state.lastAt)
  return withListEffects(state, coverDeficit(state, decided(state, command, at), at), at)
}

const decided = (state: AccountState, command: AccountCommand, at: number): Decision => {
  if (command.type === 'OpenAccount') return openAccount(state, command, at)
  if (state.accountId === undefined) return noSuchAccount()
  switch (command.type) {
    case 'RequestWithdrawal':
    case 'ConfirmWithdrawal':
    case 'CancelWithdrawal':
    case 'RequestTransfer':
    case 'FailPayout':
    case 'ReceiveTransfer':
    case 'CompleteTransfer':
      return decidePayout(state, state.accountId, command, at)
    case 'CompareWithChain':
    case 'RequestCorrection':
    case 'ApproveCorrection':
    case 'RejectCorrection':
    case 'ExpireCorrection':
      return decideCorrection(state, state.accountId, command, at)
    case 'RequestDeposit':
      return depositFunds(state, command, at)
    case 'PlaceOrder':
      return placeOrder(state, state.accountId, command, at)
    case 'CancelOrder':
      return cancel(state, state.accountId, command, at)
    case 'ReplaceOrder':
      return replaceOrder(state, state.accountId, command, at)
    case 'PlaceList':
      return placeList(state, state.accountId, command, at)
    case 'CancelOrders':
      return massCancel(state, command.filter, at)
    case 'WithdrawRequest':
      return withdraw(state, state.accountId, command, at)
    case 'ArmDeadMan':
      return armDeadMan(state, command.timeoutMs, at)
    case 'FireDeadMan':
      return fireDeadMan(state, at)
    case 'ExpireOrder':
      return expire(state, command.number, at)
    case 'StartAlgo':
    case 'PauseAlgo':
    case 'ResumeAlgo':
    case 'CancelAlgo':
    case 'SkipSlice':
    case 'EndAlgo':
      return decideAlgo(state, command, at)
    case 'SetFeeTier':
      if (state.feeTier === command.tier) return ignored('this is the tier in force')
      return done({ type: 'LedgerFeeTierSet', data: { tier: command.tier, by: command.by, at } })
    case 'SetLimits':
      return setLimits(state, command, at)
    case 'ReceiveAllotment':
      return receiveAllotment(state, command, at)
    case 'ReturnAllotment':
      return returnAllotment(state, command, at)
    case 'AssignWallet':
      if (state.wallet !== undefined) return ignored('the account has a wallet')
      return done({ type: 'WalletAssigned', data: { publicKey: command.publicKey, path: command.path, at } })
    case 'BookUnrequestedCredit':
      return bookUnrequested(state, command, at)
    case 'FailDeposit':
      return giveUpDeposit(state, command, at)
    case 'TriggerOrder':
      return trigger(state, command, at)
    case 'TrailOrder':
      return trail(state, command, at)
    case 'HaltOrder':
      return haltOrder(state, command, at)
    case 'KillOrder':
      return kill(state, command, at)
    case 'RecordSigned':
      return recordSigned(state, command, at)
    case 'BookLanded':
      return bookLanded(state, command, at)
    case 'BookFailed':
      return bookFailed(state, command, at)
    case 'BookExpired':
      return bookExpired(state, command, at)
    case 'BookLate':
      return bookLate(state, command, at)
    case 'BookUnknown':
      return bookUnknown(state, command, at)
    case 'BookVanished':
      return bookVanished(state, command, at)
    case 'BookFinalized':
      return bookFinalized(state, command, at)
    default:
      return command satisfies never
  }
}

const openAccount = (state: AccountState, { accountId }: CommandOf<'OpenAccount'>, at: number): Decision => {
  if (state.accountId !== undefined) return { events: [], answer: { kind: 'account', first: false } }
  return { events: [{ type: 'AccountOpened', data: { accountId, at } }], answer: { kind: 'account', first: true } }
}

const depositFunds = (state: AccountState, { depositId, asset, amount }: CommandOf<'RequestDeposit'>, at: number): Decision => {
  const conflict = () => refused('duplicate_deposit_id', `${depositId} was used for another asset or amount`)
  if (isUnrequestedId(depositId)) return refused('duplicate_deposit_id', `${depositId} is an id of transfers that come unrequested`)
  const running = state.deposits.get(depositId)
  if (running) return running.asset === asset.asset && running.amount === amount ? repeated(running.requestedRevision) : conflict()
  const known = findKnown(state, depositCommandId(depositId), depositTermsHash(asset.asset, amount))
  if (known) return known === 'other_terms' ? conflict() : repeated(known.revision)
  const full = tooManyDeposits(state)
  if (full) return refused('rate_limited', full)
  return {
    events: [requestDeposit(depositId, asset, amount, at)],
    answer: { kind: 'deposit', deposit: { depositId, status: 'requested' }, first: true },
  }
}

const giveUpDeposit = (state: AccountState, { depositId, reason }: CommandOf<'FailDeposit'>, at: number): Decision => {
  const deposit = state.deposits.get(depositId)
  const ref = depositCommandId(depositId)
  if (deposit?.status !== 'requested') return ignored('the deposit is not waiting')
  if (deposit.source === 'wallet') return ignored('the money is there: it will be wrapped')
  if (hasOpenAttempt(state, ref)) return ignored('an attempt is open')
  const cause = { type: 'FailDeposit', ref, attempt: state.attempts.get(ref)?.attempt ?? null }
  return done(failDeposit(deposit, reason, cause, at))
}

const trigger = (state: AccountState, command: CommandOf<'TriggerOrder'>, at: number): Decision => {
  const order = state.orders.get(command.number)
  if (!order) return ignored('the order has ended')
  const outcome = triggerOrder(order, hasOpenAttempt(state, String(command.number)), command.trigger, at)
  if (typeof outcome === 'string') return ignored(outcome)
  const taken = takeReservation(state, order, at)
  return typeof taken === 'string' ? ignored(taken) : done(...taken, ...outcome)
}

const trail = (state: AccountState, { number, quote, tickSize }: CommandOf<'TrailOrder'>, at: number): Decision => {
  const order = state.orders.get(number)
  if (!order) return ignored('the order has ended')
  const outcome = trailOrder(order, hasOpenAttempt(state, String(number)), { quote, tickSize }, at)
  return typeof outcome === 'string' ? ignored(outcome) : done(outcome)
}

/** Nothing is signed in a halt anyway: what is left to do is the order whose bytes are out. */
const haltOrder = (state: AccountState, { number, control }: CommandOf<'HaltOrder'>, at: number): Decision => {
  const order = state.orders.get(number)
  if (control?.state !== 'HALTED') return ignored('no halt is in force')
  if (!order || !hasOpenAttempt(state, String(number))) return ignored('no attempt is open')
  const pending = cancelFor(order, true, HALTED_TEXT, at)
  return pending ? done(pending) : ignored('the order has ended, or its cancel is pending')
}

const kill = (state: AccountState, { number, text }: CommandOf<'KillOrder'>, at: number): Decision => {
  const order = state.orders.get(number)
  const ref = String(number)
  if (!order?.executable) return ignored('the order is not to be executed')
  if (hasOpenAttempt(state, ref)) return ignored('an attempt is open')
  const cause = { type: 'KillOrder', ref, attempt: state.attempts.get(ref)?.attempt ?? null }
  return done(endOrder(order, text, at, { cause }))
}

const bookUnknown = (state: AccountState, { type: _type, ...command }: CommandOf<'BookUnknown'>, at: number): Decision => {
  const attempt = findAttempt(state, command.ref, command.attempt)
  if (attempt?.phase !== 'open' || attempt.signature !== command.signature) return ignored('the attempt is not open')
  if (attempt.unknown) return ignored('already recorded')
  return done({ type: 'TransactionOutcomeUnknown', data: { ...command, at } })
}

const bookFinalized = (state: AccountState, { transactions, slot }: CommandOf<'BookFinalized'>, at: number): Decision => {
  const seen = new Set<string>()
  const final = transactions.filter(({ ref, attempt, signature, generation }) => {
    const known = findAttempt(state, ref, attempt)
    const ended = known?.phase === 'landed' || known?.phase === 'failed'
    const first = !seen.has(signature)
    seen.add(signature)
    return first && ended && !known.final && known.generation === generation && known.signature === signature
  })
  if (final.length === 0) return ignored('nothing became final')
  const brought = final.flatMap(({ ref, attempt }) => broughtBy(findAttempt(state, ref, attempt)))
  return done({ type: 'TransactionsFinalized', data: { transactions: final, settled: totals(brought), slot, at } })
}
