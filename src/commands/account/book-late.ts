import type { AccountEvent } from '../../events/account/account-event.ts'
import type { Compensation } from '../../events/fields.ts'
import { creditDeposit } from '../ledger/deposit.ts'
import { sendPayout, transferRef, withdrawalRef } from '../ledger/payout.ts'
import { type Brought, totals } from '../ledger/provisional.ts'
import { isTransferBooked, unrequestedDepositId } from '../ledger/unrequested.ts'
import { cancelFor } from '../order/cancel.ts'
import { conclude } from '../order/conclude.ts'
import { changeOf, fillFrom } from '../order/fill.ts'
import { placeCommandId } from '../order/order-request.ts'
import { isFilledBy, type OrderState } from '../order/order-state.ts'
import { bookTrade, type Ended, endAfterTrade, execIdOf } from '../order/outcome.ts'
import type { Bounds } from '../order/replace.ts'
import { type AttemptState, findAttempt, hasOpenAttempt } from '../transaction/attempt-state.ts'
import { isBookedLate } from '../transaction/late.ts'
import type { LateLanding, LateSubject } from '../transaction/late-subject.ts'
import { done, ignored } from './answers.ts'
import { finishOrder } from './book-outcome.ts'
import type { Decision } from './command.ts'
import { type AccountState, walletOf } from './state.ts'

/** Text of an order that was ended because the chain had executed more of it than it asked for. */
export const OVERFILLED = 'OVERFILLED'

/**
 * A transaction of ours that is final on the chain although the account took it to be over. What still fits is booked as it would have
 * been; what does not is booked as the excess it is: position and money follow the chain in either case. Once for each signature.
 */
export const bookLate = (state: AccountState, { type: _type, subject, ...command }: LateLanding, at: number): Decision => {
  const { ref, signature } = command
  if (isBookedLate(state.late, signature)) return ignored('already booked')
  const attempt = findAttempt(state, ref, command.attempt)
  if (attempt && attempt.signature !== signature) return ignored('another signature')
  if (attempt?.phase === 'landed' || attempt?.phase === 'failed') return ignored(`already booked: ${attempt.phase}`)
  const executed = attempt?.phase === 'open'
  if (executed && !isDoneByAnother(state, ref)) return ignored('the attempt is open: its own booking comes first')
  const landing = { ...command, generation: attempt ? attempt.generation + 1 : command.generation }
  const late: Late = { state, landing, attempt, executed, at }
  const effect = effectOf(late, subject)
  if (typeof effect === 'string') return ignored(effect)
  const landed: AccountEvent = {
    type: 'TransactionLandedLate',
    data: { ...landing, contradicts: executed ? 'execution' : 'expiry', at },
  }
  const final: AccountEvent = {
    type: 'TransactionsFinalized',
    data: {
      transactions: [{ ref, attempt: landing.attempt, signature, generation: landing.generation }],
      settled: totals(effect.provisional),
      slot: landing.slot,
      at,
    },
  }
  return effect.order ? effect.order(landed, final) : done(landed, ...effect.events, final)
}

interface Late {
  readonly state: AccountState
  readonly landing: Omit<LateLanding, 'type' | 'subject'>
  readonly attempt: AttemptState | undefined
  /** The intent was done by another signature. */
  readonly executed: boolean
  readonly at: number
}

interface Effect {
  readonly events: readonly AccountEvent[]
  /** What its events book as provisional, and the finality told with them settles. */
  readonly provisional: readonly Brought[]
  /** A fill: the order's own end is decided with it. */
  readonly order?: (landed: AccountEvent, final: AccountEvent) => Decision
}

/** An open attempt of something that needs no transaction any more: it can only be a second execution. */
const isDoneByAnother = (state: AccountState, ref: string): boolean => {
  const order = state.orders.get(Number(ref))
  if (order) return isFilledBy(order, order.cumQty, order.cumQuote)
  const payout = state.payouts.get(ref)
  return payout !== undefined && payout.status !== 'ready'
}

const effectOf = (late: Late, subject: LateSubject): Effect | string => {
  switch (subject.kind) {
    case 'order':
      return executionOf(late, subject)
    case 'deposit':
      return creditOf(late, subject)
    case 'withdrawal':
    case 'transfer':
      return payoutOf(late, subject)
    case 'setup':
      return NOTHING
    default:
      return subject satisfies never
  }
}

const NOTHING: Effect = { events: [], provisional: [] }

const executionOf = (late: Late, subject: Extract<LateSubject, { kind: 'order' }>): Effect | string => {
  const { state, landing, attempt, at } = late
  const { instrument: terms, side } = subject
  const wallet = walletOf(state)
  const [base, quote] = [changeOf(landing.deltas, wallet, terms.baseMint), changeOf(landing.deltas, wallet, terms.quoteMint)]
  if (base === 0n && quote === 0n) return NOTHING
  const [lastQty, lastQuote] = side === 'buy' ? [base, -quote] : [-base, quote]
  if (lastQty <= 0n || lastQuote <= 0n) return 'the balance changes contradict the order: nothing is booked'
  const number = Number(landing.ref)
  const order = state.orders.get(number)
  const ended: Ended = { ...landing, othersOpen: hasOpenAttempt(state, landing.ref, attempt), at }
  const execution = order && !isFilledBy(order, order.cumQty, order.cumQuote) ? fillFrom(order, landing.deltas, wallet) : undefined
  // a sell's surplus is negative: more went out than was left
  if (order && execution?.kind === 'fill' && execution.fill.surplus === 0n) {
    const { fill } = execution
    const got = side === 'buy' ? { asset: terms.base, amount: lastQty } : { asset: terms.quote, amount: lastQuote }
    const booked = bookTrade(order, fill, ended)
    const fees = booked.flatMap(({ type, data }) =>
      type === 'LedgerFeeCharged' ? [{ asset: data.asset, amount: -BigInt(data.amount) }] : [],
    )
    return {
      events: [],
      provisional: [got, ...fees],
      order: (landed, final) => finishOrder(state, [landed, ...booked, final], endAfterTrade(order), ended, undefined),
    }
  }
  const spent = side === 'buy' ? { asset: terms.quote, amount: lastQuote } : { asset: terms.base, amount: lastQty }
  const overfilled: AccountEvent = {
    type: 'TradeOverfilled',
    data: {
      execId: execIdOf(subject.orderId, landing.attempt, landing.generation),
      orderId: subject.orderId,
      attempt: landing.attempt,
      generation: landing.generation,
      signature: landing.signature,
      symbol: terms.symbol,
      side,
      base: terms.base,
      quote: terms.quote,
      baseDecimals: terms.baseDecimals,
      quoteDecimals: terms.quoteDecimals,
      strategyId: subject.strategyId,
      lastQty: lastQty.toString(),
      lastQuote: lastQuote.toString(),
      compensates: compensation(late, placeCommandId(subject.clOrdId), 'reservation', spent),
      at,
    },
  }
  return { events: [overfilled, ...(order ? endAfterOverfill(order, ended.othersOpen, at) : [])], provisional: [] }
}

/** Whatever is left of it is not wanted any more: somebody has to look first. What waited for its attempts is answered with the last of them. */
const endAfterOverfill = (order: OrderState, othersOpen: boolean, at: number): readonly AccountEvent[] => {
  if (!othersOpen) return conclude(order, { text: OVERFILLED }, NOTHING_GROWS, at)
  const asked = cancelFor(order, true, OVERFILLED, at)
  return asked ? [asked] : []
}

/** Bounds of requests on an order that is over: all of them come too late. */
const NOTHING_GROWS: Bounds = { available: 0n, breach: () => undefined }

const creditOf = (late: Late, { id, asset, mint }: Extract<LateSubject, { kind: 'deposit' }>): Effect | string => {
  const { state, landing, at } = late
  const wallet = walletOf(state)
  const deposit = state.deposits.get(id)
  if (deposit?.status === 'requested') {
    const credits = creditDeposit(deposit, landing.deltas, wallet, landing.signature, at)
    return { events: credits, provisional: credits.map(({ data }) => brought(data)) }
  }
  // it had ended, or was credited by another transaction: money that nobody waits for, like any other that comes unasked
  const events = landing.deltas.flatMap(({ owner, mint: of, tokenAccount, amount }): AccountEvent[] => {
    if (owner !== wallet || of !== mint || BigInt(amount) <= 0n) return []
    if (isTransferBooked(state.unrequested, tokenAccount, landing.signature, landing.slot)) return []
    const { signature, slot } = landing
    return [
      { type: 'FundsCredited', data: { depositId: unrequestedDepositId(signature), asset, amount, signature, tokenAccount, slot, at } },
    ]
  })
  return { events, provisional: [] }
}

const brought = ({ asset, amount }: { readonly asset: string; readonly amount: string }): Brought => ({ asset, amount: BigInt(amount) })

const payoutOf = (late: Late, subject: Extract<LateSubject, { kind: 'withdrawal' | 'transfer' }>): Effect | string => {
  const { state, landing, at } = late
  const { signature, attempt } = landing
  const wallet = walletOf(state)
  const ref = subject.kind === 'withdrawal' ? withdrawalRef(subject.id) : transferRef(subject.id)
  const payout = state.payouts.get(ref)
  const sent = payout ? sendPayout(payout, landing.deltas, wallet, { signature, attempt, at }) : 'contradiction'
  if (sent !== 'contradiction') return { events: [sent], provisional: [] }
  // two ledgers are wrong then, and which of them is to be made whole is not for a rule to say
  if (subject.kind === 'transfer') return 'a transfer that had ended has moved money: the difference is for people to correct'
  const left = -changeOf(landing.deltas, wallet, subject.mint)
  if (left <= 0n) return 'the balance changes are not those of the withdrawal: nothing is booked'
  const moved = { asset: subject.asset, amount: left.toString(), signature, attempt }
  const compensates = compensation(late, ref, 'withdrawal', { asset: subject.asset, amount: left })
  return { events: [{ type: 'FundsWithdrawalLate', data: { withdrawalId: subject.id, ...moved, compensates, at } }], provisional: [] }
}

/** What is reversed is what the account had made of the transaction's supposed end. */
const compensation = (
  { landing, executed }: Late,
  command: string,
  reverses: Compensation['reverses'],
  { asset, amount }: Brought,
): Compensation => ({
  cause: { type: executed ? 'TransactionLanded' : 'TransactionExpired', ref: landing.ref, attempt: landing.attempt },
  command,
  reverses,
  effect: { asset, amount: amount.toString() },
})
