import type { AccountEvent } from '../../events/account/account-event.ts'
import type { SetRules } from '../../events/limit-book.ts'
import { balanceOf } from '../ledger/balances.ts'
import { afterDepositAttempt, creditDeposit, type DepositState, depositOf, failDeposit } from '../ledger/deposit.ts'
import { afterPayoutAttempt, sendPayout } from '../ledger/payout.ts'
import { heldShareBreach, replaceBreach } from '../limits/replace-breach.ts'
import { conclude, type OwnEnd } from '../order/conclude.ts'
import { fillFrom } from '../order/fill.ts'
import { isFilledBy } from '../order/order-state.ts'
import { bookTrade, type Ended, endAfterEmptyLanding, endAfterExpiry, endAfterFailure, endAfterTrade } from '../order/outcome.ts'
import type { LimitCheck } from '../order/replace.ts'
import { type AttemptState, findAttempt, hasOpenAttempt } from '../transaction/attempt-state.ts'
import { nonceAccountOf } from '../transaction/nonce-ref.ts'
import { done, ignored } from './answers.ts'
import type { AccountCommand, Decision } from './command.ts'
import { afterEvents } from './evolve.ts'
import { type AccountState, walletOf } from './state.ts'

/** A landed transaction of something that another one has done. */
export const SECOND_EXECUTION = 'another transaction has done this: booked once it is final'

type CommandOf<T extends AccountCommand['type']> = Extract<AccountCommand, { type: T }>

/** One append ends the attempt and books all it brought: fill, released remainder, surplus, credit, the order's end. */
export const bookLanded = (state: AccountState, { type: _type, limits, ...landed }: CommandOf<'BookLanded'>, at: number): Decision => {
  const attempt = liveAttempt(state, landed)
  if (typeof attempt === 'string') return ignored(attempt)
  const wallet = walletOf(state)
  const ended = endedBy(state, attempt, attempt.generation + 1, at)
  const event: AccountEvent = { type: 'TransactionLanded', data: { ...landed, generation: ended.generation, at } }
  const deposit = depositOf(state, attempt.ref)
  if (deposit) {
    const credits = creditDeposit(deposit, landed.deltas, wallet, attempt.signature, at)
    return done(event, ...(credits.length > 0 ? credits : emptyDeposit(deposit, ended)))
  }
  // A nonce account made or advanced: its cost is all there is to book.
  if (nonceAccountOf(attempt.ref) !== undefined) return done(event)
  const payout = state.payouts.get(attempt.ref)
  if (payout) {
    if (payout.status !== 'ready') return ignored(SECOND_EXECUTION)
    const sent = sendPayout(payout, landed.deltas, wallet, ended)
    return sent === 'contradiction' ? ignored('the balance changes are not those of the payout: nothing is booked') : done(event, sent)
  }
  const order = state.orders.get(Number(attempt.ref))
  if (!order) return ignored('the order is not in the fold')
  // two signatures of one intent: the second is booked as the excess it is, once nothing can take it back (book-late.ts)
  if (isFilledBy(order, order.cumQty, order.cumQuote)) return ignored(SECOND_EXECUTION)
  const execution = fillFrom(order, landed.deltas, wallet)
  if (execution.kind === 'contradiction') return ignored('the balance changes contradict the order: nothing is booked')
  return execution.kind === 'fill'
    ? finishOrder(state, [event, ...bookTrade(order, execution.fill, ended)], endAfterTrade(order), ended, limits)
    : finishOrder(state, [event], endAfterEmptyLanding(ended), ended, limits)
}

/** The transaction was executed with an error: only the fee moved. */
export const bookFailed = (state: AccountState, { type: _type, limits, ...failed }: CommandOf<'BookFailed'>, at: number): Decision => {
  const attempt = liveAttempt(state, failed)
  if (typeof attempt === 'string') return ignored(attempt)
  const ended = endedBy(state, attempt, attempt.generation + 1, at)
  const event: AccountEvent = { type: 'TransactionFailed', data: { ...failed, generation: ended.generation, at } }
  const order = state.orders.get(Number(attempt.ref))
  if (order) return finishOrder(state, [event], endAfterFailure(order, failed.error, ended), ended, limits)
  return done(event, ...fundsAfter(state, ended, 'TransactionFailed', failed.error))
}

/** The transaction is proven never to land: nothing was executed. */
export const bookExpired = (state: AccountState, { type: _type, limits, ...expired }: CommandOf<'BookExpired'>, at: number): Decision => {
  const attempt = liveAttempt(state, expired)
  if (typeof attempt === 'string') return ignored(attempt)
  const ended = endedBy(state, attempt, attempt.generation, at)
  const event: AccountEvent = { type: 'TransactionExpired', data: { ...expired, at } }
  const order = state.orders.get(Number(attempt.ref))
  if (order) return finishOrder(state, [event], endAfterExpiry(order, ended), ended, limits)
  return done(event, ...fundsAfter(state, ended, 'TransactionExpired', 'expired'))
}

/** The attempt's events, and with the order's last open attempt what becomes of the order and of the requests that waited for it. */
export const finishOrder = (
  state: AccountState,
  booked: readonly AccountEvent[],
  end: OwnEnd,
  { ref, othersOpen, at }: Ended,
  limits: readonly SetRules[] | undefined,
): Decision => {
  // another attempt can still land: nothing about the order can be decided yet
  if (othersOpen) return done(...booked)
  const after = afterEvents(state, booked)
  const order = after.orders.get(Number(ref))
  if (!order) return done(...booked)
  const { available } = balanceOf(after.balances, order.reserved.asset)
  // no share can be asked for here: the attempt's end is booked in any case, and what is not held refuses the replace
  const breach: LimitCheck = (repriced) => replaceBreach(after, repriced, limits, at) ?? heldShareBreach(after, repriced, limits, at)
  return done(...booked, ...conclude(order, end, { available, breach }, at))
}

/** A transaction that succeeded and credited nothing is a fault of the faucet: it is not tried again. */
const emptyDeposit = (deposit: DepositState, { ref, attempt, at }: Ended): readonly AccountEvent[] =>
  deposit.status === 'requested'
    ? [failDeposit(deposit, 'the transaction credited nothing', { type: 'TransactionLanded', ref, attempt }, at)]
    : []

const fundsAfter = (state: AccountState, ended: Ended, type: string, reason: string): readonly AccountEvent[] => {
  if (ended.othersOpen) return []
  const cause = { type, ref: ended.ref, attempt: ended.attempt }
  const payout = state.payouts.get(ended.ref)
  if (payout) return afterPayoutAttempt(payout, reason, cause, ended.at)
  const deposit = depositOf(state, ended.ref)
  return deposit ? afterDepositAttempt(deposit, reason, cause, ended.at) : []
}

/** Bookings are keyed by (ref, attempt, generation): only an open attempt with this signature can be ended. */
const liveAttempt = (
  state: AccountState,
  key: { readonly ref: string; readonly attempt: number; readonly signature: string },
): AttemptState | string => {
  const attempt = findAttempt(state, key.ref, key.attempt)
  if (!attempt) return 'no such attempt'
  if (attempt.signature !== key.signature) return 'another signature'
  return attempt.phase === 'open' ? attempt : `already booked: ${attempt.phase}`
}

const endedBy = (state: AccountState, attempt: AttemptState, generation: number, at: number): Ended => ({
  ref: attempt.ref,
  attempt: attempt.attempt,
  generation,
  signature: attempt.signature,
  othersOpen: hasOpenAttempt(state, attempt.ref, attempt),
  at,
})
