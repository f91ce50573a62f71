import { isTerminal } from '../../events/fields.ts'
import { depositOf } from '../ledger/deposit.ts'
import type { PayoutState } from '../ledger/payout.ts'
import { signingBlock } from '../limits/signing-block.ts'
import { leavesCashOf, leavesQtyOf } from '../order/order-state.ts'
import { hasRequests } from '../order/requests.ts'
import { hasOpenAttempt, isRefSettled, mayStillSucceed } from '../transaction/attempt-state.ts'
import { nonceAccountOf, nonceRef, userOfNonce } from '../transaction/nonce-ref.ts'
import { done, ignored } from './answers.ts'
import type { AccountCommand, Decision } from './command.ts'
import type { AccountState } from './state.ts'

type RecordSigned = Extract<AccountCommand, { type: 'RecordSigned' }>

/** The fence before the first send: only a transaction that is still to be sent is recorded; any other one is thrown away unsent. */
export const recordSigned = (state: AccountState, { type: _type, control, builtFor, ...signed }: RecordSigned, at: number): Decision => {
  const { ref, attempt } = signed
  if (state.wallet === undefined) return ignored('the account has no wallet')
  if (hasOpenAttempt(state, ref)) return ignored('an attempt is open')
  const last = state.attempts.get(ref)?.attempt ?? 0
  if (attempt !== last + 1) return ignored(`the next attempt is ${last + 1}`)
  // A halt stops no cancel: what it takes the nonce away from could land for as long as the halt lasts.
  const stopped = signed.purpose === 'nonce_advance' ? undefined : signingBlock(state, control, ref)
  const barred = nonceInUse(state, signed) ?? blockOf(state, signed) ?? otherTerms(state, ref, builtFor) ?? stopped
  return barred === undefined ? done({ type: 'TransactionSigned', data: { ...signed, at } }) : ignored(barred)
}

const blockOf = (state: AccountState, { purpose, ref }: Pick<RecordSigned, 'purpose' | 'ref'>): string | undefined => {
  switch (purpose) {
    case 'swap':
      return orderBlock(state, ref)
    case 'deposit':
      return depositBlock(state, ref)
    case 'withdrawal':
    case 'transfer':
      return payoutBlock(state, ref, purpose)
    case 'nonce_setup':
      return nonceAccountOf(ref) === undefined ? 'the ref names no nonce account' : undefined
    case 'nonce_advance':
      return userOfNonce(state, nonceAccountOf(ref) ?? '') ? undefined : 'nothing lives by this nonce any more'
    default:
      return purpose satisfies never
  }
}

/** Between building and signing the order was replaced, or traded by an earlier attempt's late landing: this would execute what it no longer asks for. */
const otherTerms = (state: AccountState, ref: string, builtFor: RecordSigned['builtFor']): string | undefined => {
  const order = builtFor && state.orders.get(Number(ref))
  if (!order) return undefined
  const same = order.lastClOrdId === builtFor.clOrdId && order.cumQty === builtFor.cumQty && order.cumQuote === builtFor.cumQuote
  return same ? undefined : 'the order has other terms by now'
}

/** Two transactions over one value: only one could land, and the other would have to be proven expired for nothing. */
const nonceInUse = (state: AccountState, { nonce }: Pick<RecordSigned, 'nonce'>): string | undefined => {
  if (!nonce) return undefined
  return userOfNonce(state, nonce.account) || hasOpenAttempt(state, nonceRef(nonce.account)) ? 'the nonce is in use' : undefined
}

const payoutBlock = (state: AccountState, ref: string, purpose: PayoutState['kind']): string | undefined => {
  const payout = state.payouts.get(ref)
  if (payout?.kind !== purpose || payout.status !== 'ready') return 'the payout is not to be sent'
  if (payout.cancelAsked) return 'a cancel is pending'
  // a failure that a fork may still turn into a success: a second payment can't be taken back
  return isRefSettled(state, ref) ? undefined : 'an earlier attempt is not final'
}

const depositBlock = (state: AccountState, ref: string): string | undefined =>
  depositOf(state, ref)?.status === 'requested' ? besideFailure(state, ref) : 'the deposit is not waiting'

const orderBlock = (state: AccountState, ref: string): string | undefined => {
  const order = state.orders.get(Number(ref))
  if (!order || String(order.number) !== ref || isTerminal(order.ordStatus)) return 'the order has ended'
  if (!order.executable) return 'the order is not to be executed'
  if (hasRequests(order)) return 'a request is pending'
  if ((leavesQtyOf(order) ?? leavesCashOf(order) ?? 0n) <= 0n) return 'nothing is left to execute'
  return besideFailure(state, ref)
}

/** What has landed may be followed by an attempt for the rest; a failure that a fork may turn into a success would be the same once more. */
const besideFailure = (state: AccountState, ref: string): string | undefined =>
  mayStillSucceed(state, ref) ? 'an earlier attempt is not final' : undefined
