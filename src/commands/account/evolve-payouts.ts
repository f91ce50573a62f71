import type { AccountEvent } from '../../events/account/account-event.ts'
import { newPayout, type PayoutState, payoutTermsHash, receiveCommandId, transferRef, withdrawalRef } from '../ledger/payout.ts'
import { isRefSettled } from '../transaction/attempt-state.ts'
import { rememberClosed } from './known-ids.ts'
import type { AccountState } from './state.ts'

export type PayoutEvent = Extract<AccountEvent, { type: `FundsWithdrawal${string}` | `FundsTransfer${string}` }>

/** The account's payouts after one of their events. */
export const evolvePayout = (state: AccountState, event: PayoutEvent, revision: bigint): AccountState => {
  switch (event.type) {
    case 'FundsWithdrawalRequested':
    case 'FundsTransferRequested': {
      const payout = newPayout(event, revision)
      return { ...state, payouts: state.payouts.set(payout.ref, payout) }
    }
    case 'FundsWithdrawalConfirmed':
      return change(state, withdrawalRef(event.data.withdrawalId), { status: 'ready' })
    case 'FundsWithdrawalCancelRequested':
      return change(state, withdrawalRef(event.data.withdrawalId), { cancelAsked: true })
    case 'FundsWithdrawalCanceled':
      return end(state, withdrawalRef(event.data.withdrawalId), 'canceled')
    case 'FundsWithdrawalFailed':
      return end(state, withdrawalRef(event.data.withdrawalId), 'failed')
    case 'FundsTransferReturned':
      return end(state, transferRef(event.data.transferId), 'failed')
    case 'FundsWithdrawalSent':
      return send(state, withdrawalRef(event.data.withdrawalId), event.data)
    case 'FundsTransferSent':
      return send(state, transferRef(event.data.transferId), event.data)
    // it had ended, or was sent by another transaction: it stays so
    case 'FundsWithdrawalLate':
      return state
    case 'FundsWithdrawalReversed':
      return change(state, withdrawalRef(event.data.withdrawalId), { status: 'ready', sent: null })
    case 'FundsTransferRecalled':
      return change(state, transferRef(event.data.transferId), { status: 'ready', sent: null })
    case 'FundsTransferReceived': {
      const { from, transferId, asset, amount } = event.data
      return rememberClosed(state, receiveCommandId(from, transferId), payoutTermsHash(asset, BigInt(amount), from), revision)
    }
    case 'FundsTransferCompleted':
      return end(state, transferRef(event.data.transferId), 'completed')
    default:
      return event satisfies never
  }
}

/** An attempt ended without sending: it counts. */
export const countPayoutAttempt = (state: AccountState, ref: string): AccountState => {
  const payout = state.payouts.get(ref)
  return payout ? change(state, ref, { attempts: payout.attempts + 1 }) : state
}

/** The transaction that sent it is final: a withdrawal is over, a transfer may be delivered. */
export const finalizePayout = (
  state: AccountState,
  { ref, signature }: { readonly ref: string; readonly signature: string },
): AccountState => {
  const payout = state.payouts.get(ref)
  if (payout?.sent?.signature !== signature) return state
  const final = change(state, ref, { sent: { ...payout.sent, final: true } })
  return payout.kind === 'withdrawal' ? change(final, ref, { status: 'completed' }) : final
}

/** Moves an ended payout out of the fold when all its attempts are final or expired; only its id stays known. */
export const closePayout = (state: AccountState, payout: PayoutState): AccountState => {
  if (payout.status !== 'completed' && payout.status !== 'canceled' && payout.status !== 'failed') return state
  const { ref, asset, amount, to, requestedRevision } = payout
  const known = rememberClosed(state, ref, payoutTermsHash(asset, amount, to), requestedRevision)
  return { ...known, payouts: state.payouts.delete(ref), attempts: state.attempts.delete(ref) }
}

const send = (state: AccountState, ref: string, { signature, attempt }: { readonly signature: string; readonly attempt: number }) =>
  change(state, ref, { status: 'sent', sent: { signature, attempt, final: false } })

const end = (state: AccountState, ref: string, status: PayoutState['status']): AccountState => {
  const ended = change(state, ref, { status })
  const payout = ended.payouts.get(ref)
  return payout && isRefSettled(ended, ref) ? closePayout(ended, payout) : ended
}

const change = (state: AccountState, ref: string, to: Partial<PayoutState>): AccountState => {
  const payout = state.payouts.get(ref)
  return payout ? { ...state, payouts: state.payouts.set(ref, { ...payout, ...to }) } : state
}
