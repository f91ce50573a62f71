import { formatUnits } from '../../platform/decimal.ts'
import { tooManyPayouts } from '../ledger/open-funds.ts'
import {
  cancelPayout,
  failPayout,
  hasEnded,
  newPayout,
  type PayoutState,
  payoutDocument,
  payoutTermsHash,
  receiveCommandId,
  transferRef,
  withdrawalRef,
} from '../ledger/payout.ts'
import type { PayoutCommand } from '../ledger/payout-command.ts'
import { withdrawableOf } from '../ledger/provisional.ts'
import { hasOpenAttempt } from '../transaction/attempt-state.ts'
import { done, ignored, refused, repeated } from './answers.ts'
import type { Decision } from './command.ts'
import { findKnown, isKnown } from './known-ids.ts'
import type { AccountState } from './state.ts'

/** Whether a command's decision asks for ids that have left the fold. */
export const payoutAsksForIds = (type: string): boolean => ASKING.has(type)
const ASKING: ReadonlySet<string> = new Set([
  'RequestWithdrawal',
  'ConfirmWithdrawal',
  'CancelWithdrawal',
  'RequestTransfer',
  'ReceiveTransfer',
  // corrections are remembered the same way
  'RequestCorrection',
  'ApproveCorrection',
  'RejectCorrection',
])

export const decidePayout = (state: AccountState, accountId: string, command: PayoutCommand, at: number): Decision => {
  switch (command.type) {
    case 'RequestWithdrawal':
    case 'RequestTransfer':
      return request(state, accountId, command, at)
    case 'ConfirmWithdrawal':
      return withWithdrawal(state, command.withdrawalId, (payout) => confirm(accountId, payout, at))
    case 'CancelWithdrawal':
      return withWithdrawal(state, command.withdrawalId, (payout) => cancel(state, accountId, payout, at))
    case 'FailPayout':
      return fail(state, command, at)
    case 'ReceiveTransfer':
      return receive(state, command, at)
    case 'CompleteTransfer':
      return complete(state, command.transferId, at)
    default:
      return command satisfies never
  }
}

type CommandOf<T extends PayoutCommand['type']> = Extract<PayoutCommand, { type: T }>

const request = (
  state: AccountState,
  accountId: string,
  command: CommandOf<'RequestWithdrawal'> | CommandOf<'RequestTransfer'>,
  at: number,
): Decision => {
  const { asset, amount } = command
  const [ref, to, code] =
    command.type === 'RequestWithdrawal'
      ? ([withdrawalRef(command.withdrawalId), command.destination, 'duplicate_withdrawal_id'] as const)
      : ([transferRef(command.transferId), command.to, 'duplicate_transfer_id'] as const)
  const known = knownPayout(state, ref, payoutTermsHash(asset.asset, amount, to))
  if (known === 'other_terms') return refused(code, `${ref.slice(2)} was used with other terms`)
  if (known) return repeated(known.revision)
  if (command.type === 'RequestWithdrawal' && to === state.wallet?.publicKey)
    return refused('invalid_request', 'the destination is the account itself', {
      errors: [{ field: 'destination', reason: 'is the account itself' }],
    })
  const full = tooManyPayouts(state)
  if (full) return refused('rate_limited', full)
  const most = withdrawableOf(state, asset.asset)
  if (amount > most) {
    const [limit, value] = [formatUnits(most, asset.decimals), formatUnits(amount, asset.decimals)]
    return refused('insufficient_funds', `${limit} ${asset.asset} are available and final`, {
      extra: { why: { rule: 'withdrawable', limit, value } },
    })
  }
  const asked = { asset: asset.asset, mint: asset.mint, decimals: asset.decimals, amount: amount.toString() }
  const event =
    command.type === 'RequestWithdrawal'
      ? ({ type: 'FundsWithdrawalRequested', data: { withdrawalId: command.withdrawalId, ...asked, destination: to, at } } as const)
      : ({ type: 'FundsTransferRequested', data: { transferId: command.transferId, ...asked, to, at } } as const)
  return answer(accountId, newPayout(event, state.revision + 1n), [event], true)
}

const knownPayout = (state: AccountState, ref: string, termsHash: string) => {
  const running = state.payouts.get(ref)
  if (!running) return findKnown(state, ref, termsHash)
  const same = payoutTermsHash(running.asset, running.amount, running.to) === termsHash
  return same ? { revision: running.requestedRevision } : ('other_terms' as const)
}

const withWithdrawal = (state: AccountState, withdrawalId: string, then: (payout: PayoutState) => Decision): Decision => {
  const payout = state.payouts.get(withdrawalRef(withdrawalId))
  if (payout) return then(payout)
  return isKnown(state, withdrawalRef(withdrawalId))
    ? refused('already_ended', 'the withdrawal has ended')
    : refused('not_found', 'no such withdrawal')
}

const confirm = (accountId: string, payout: PayoutState, at: number): Decision => {
  if (payout.cancelAsked || hasEnded(payout)) return refused('already_ended', 'the withdrawal has ended or is about to')
  if (payout.status !== 'requested') return answer(accountId, payout, [], false)
  const event = { type: 'FundsWithdrawalConfirmed', data: { withdrawalId: payout.id, at } } as const
  return answer(accountId, { ...payout, status: 'ready' }, [event], true)
}

const cancel = (state: AccountState, accountId: string, payout: PayoutState, at: number): Decision => {
  if (payout.cancelAsked || payout.status === 'canceled') return answer(accountId, payout, [], false)
  if (payout.status !== 'requested' && payout.status !== 'ready') return refused('already_ended', `the withdrawal is ${payout.status}`)
  if (hasOpenAttempt(state, payout.ref)) {
    const event = { type: 'FundsWithdrawalCancelRequested', data: { withdrawalId: payout.id, at } } as const
    return answer(accountId, { ...payout, cancelAsked: true }, [event], true)
  }
  return answer(accountId, { ...payout, status: 'canceled' }, [cancelPayout(payout, at)], true)
}

const fail = (state: AccountState, { ref, reason }: CommandOf<'FailPayout'>, at: number): Decision => {
  const payout = state.payouts.get(ref)
  if (payout?.status !== 'ready') return ignored('the payout is not waiting')
  if (hasOpenAttempt(state, ref)) return ignored('an attempt is open')
  return done(failPayout(payout, reason, { type: 'FailPayout', ref, attempt: state.attempts.get(ref)?.attempt ?? null }, at))
}

const receive = (state: AccountState, { type: _type, ...transfer }: CommandOf<'ReceiveTransfer'>, at: number): Decision => {
  if (isKnown(state, receiveCommandId(transfer.from, transfer.transferId))) return ignored('already received')
  return done({ type: 'FundsTransferReceived', data: { ...transfer, amount: transfer.amount.toString(), at } })
}

const complete = (state: AccountState, transferId: string, at: number): Decision => {
  const payout = state.payouts.get(transferRef(transferId))
  if (payout?.status !== 'sent' || payout.sent?.final !== true) return ignored('the transfer is not final and under way')
  return done({ type: 'FundsTransferCompleted', data: { transferId, to: payout.to, at } })
}

const answer = (accountId: string, payout: PayoutState, events: Decision['events'], first: boolean): Decision => ({
  events,
  answer: { kind: 'document', document: payoutDocument(payout, accountId), first },
})
