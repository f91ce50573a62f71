import type { AccountEvent } from '../../events/account/account-event.ts'
import { depositOf, reverseDeposit } from '../ledger/deposit.ts'
import { reversePayout } from '../ledger/payout.ts'
import { bustTrade } from '../order/bust.ts'
import { type AttemptState, findAttempt } from '../transaction/attempt-state.ts'
import { done, ignored } from './answers.ts'
import type { AccountCommand, Decision } from './command.ts'
import type { AccountState } from './state.ts'

type BookVanished = Extract<AccountCommand, { type: 'BookVanished' }>

/** What was seen landed is no longer on the chain: its effect is reversed, never refused, and the attempt is open again. */
export const bookVanished = (state: AccountState, { type: _type, ...vanished }: BookVanished, at: number): Decision => {
  const attempt = findAttempt(state, vanished.ref, vanished.attempt)
  if (!attempt || attempt.signature !== vanished.signature) return ignored('no such attempt')
  if (attempt.phase !== 'landed' && attempt.phase !== 'failed') return ignored(`the attempt is ${attempt.phase}`)
  if (attempt.generation !== vanished.generation) return ignored('another generation')
  if (attempt.final) return ignored('the attempt is final')
  const returned = attempt.costs && { outcome: attempt.phase, ...attempt.costs }
  return done({ type: 'TransactionVanished', data: { ...vanished, returned, at } }, ...reverse(state, attempt, at))
}

const reverse = (state: AccountState, attempt: AttemptState, at: number): readonly AccountEvent[] => {
  const { booked, ref } = attempt
  const payout = state.payouts.get(ref)
  if (payout?.sent?.signature === attempt.signature) return [reversePayout(payout, attempt.attempt, attempt.signature, at)]
  if (booked === null) return []
  if (booked.kind === 'trade') {
    const order = state.orders.get(Number(ref))
    return order ? bustTrade(order, booked, ref, attempt.attempt, at) : []
  }
  const deposit = depositOf(state, ref)
  return deposit ? [reverseDeposit(deposit, booked.amount, attempt.signature, attempt.attempt, at)] : []
}
