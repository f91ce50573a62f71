import { createHash } from 'node:crypto'
import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import type { TokenDelta } from '../../events/account/transaction-events.ts'
import type { Compensation } from '../../events/fields.ts'
import { formatUnits } from '../../platform/decimal.ts'

/** Funds on their way out: to an address beyond the platform, or to another account of it. */
export interface PayoutState {
  readonly kind: 'withdrawal' | 'transfer'
  /** `w-<withdrawalId>` or `t-<transferId>`: ref of its transactions, and id of the command that asked for it. */
  readonly ref: string
  readonly id: string
  readonly asset: string
  readonly mint: string
  readonly decimals: number
  readonly amount: bigint
  /** Owner address of a withdrawal, account of a transfer. */
  readonly to: string
  /** `requested` waits for its second step; `ready` may be signed; `sent` has landed; the others are its ends. */
  readonly status: 'requested' | 'ready' | 'sent' | 'completed' | 'canceled' | 'failed'
  readonly cancelAsked: boolean
  /** Attempts that ended without sending. */
  readonly attempts: number
  /** The transaction that sent it. */
  readonly sent: { readonly signature: string; readonly attempt: number; readonly final: boolean } | null
  readonly requestedRevision: bigint
}

/** A payout whose transaction failed or expired this often is given up. */
export const MAX_PAYOUT_ATTEMPTS = 20

export const withdrawalRef = (withdrawalId: string): string => `w-${withdrawalId}`
export const transferRef = (transferId: string): string => `t-${transferId}`
export const isPayoutRef = (ref: string): boolean => ref.startsWith('w-') || ref.startsWith('t-')
/** Id of the receiver's command: the sender and its own id, once. */
export const receiveCommandId = (from: string, transferId: string): string => `r-${from}.${transferId}`

/** First 32 hex of the SHA-256 of the terms: the same id with another hash is a conflict. */
export const payoutTermsHash = (asset: string, amount: bigint, to: string): string =>
  createHash('sha256').update(`${asset}|${amount}|${to}`, 'utf8').digest('hex').slice(0, 32)

/** Nothing about its funds can change any more but by a fork. */
export const hasEnded = ({ status }: PayoutState): boolean => status === 'canceled' || status === 'failed' || status === 'completed'

type Requested =
  | { readonly type: 'FundsWithdrawalRequested'; readonly data: DataOf<'FundsWithdrawalRequested'> }
  | { readonly type: 'FundsTransferRequested'; readonly data: DataOf<'FundsTransferRequested'> }

export const newPayout = (event: Requested, revision: bigint): PayoutState => {
  const { asset, mint, decimals, amount } = event.data
  const own =
    event.type === 'FundsWithdrawalRequested'
      ? ({
          kind: 'withdrawal',
          id: event.data.withdrawalId,
          ref: withdrawalRef(event.data.withdrawalId),
          to: event.data.destination,
        } as const)
      : ({ kind: 'transfer', id: event.data.transferId, ref: transferRef(event.data.transferId), to: event.data.to } as const)
  return {
    ...own,
    asset,
    mint,
    decimals,
    amount: BigInt(amount),
    // a transfer stays on the platform and needs no second step
    status: own.kind === 'withdrawal' ? 'requested' : 'ready',
    cancelAsked: false,
    attempts: 0,
    sent: null,
    requestedRevision: revision,
  }
}

/** The payout as HTTP answers it. */
export const payoutDocument = (payout: PayoutState, accountId: string) => ({
  ...(payout.kind === 'withdrawal'
    ? { withdrawalId: payout.id, accountId, destination: payout.to }
    : { transferId: payout.id, from: accountId, to: payout.to }),
  asset: payout.asset,
  amount: formatUnits(payout.amount, payout.decimals),
  status: payout.cancelAsked && !hasEnded(payout) ? 'canceling' : payout.status,
  ...(payout.sent ? { signature: payout.sent.signature } : {}),
})

/** The transaction landed: sent when exactly the amount left the wallet, else the changes are not this payout's. */
export const sendPayout = (
  payout: PayoutState,
  deltas: readonly TokenDelta[],
  wallet: string,
  { signature, attempt, at }: { readonly signature: string; readonly attempt: number; readonly at: number },
): AccountEvent | 'contradiction' => {
  const left = deltas.reduce((sum, d) => (d.owner === wallet && d.mint === payout.mint ? sum - BigInt(d.amount) : sum), 0n)
  // to itself nothing leaves: such a payout is refused when it is asked for
  if (left !== payout.amount || payout.status !== 'ready') return 'contradiction'
  const moved = { asset: payout.asset, amount: payout.amount.toString(), signature, attempt }
  return payout.kind === 'withdrawal'
    ? { type: 'FundsWithdrawalSent', data: { withdrawalId: payout.id, ...moved, at } }
    : { type: 'FundsTransferSent', data: { transferId: payout.id, ...moved, to: payout.to, at } }
}

/** An attempt ended without sending: cancelled if that was asked for, given up at the limit, else nothing to record. */
export const afterPayoutAttempt = (
  payout: PayoutState,
  reason: string,
  cause: Compensation['cause'],
  at: number,
): readonly AccountEvent[] => {
  if (payout.status !== 'ready') return []
  if (payout.cancelAsked) return [cancelPayout(payout, at)]
  return payout.attempts + 1 >= MAX_PAYOUT_ATTEMPTS ? [failPayout(payout, reason, cause, at)] : []
}

export const cancelPayout = (payout: PayoutState, at: number): AccountEvent => ({
  type: 'FundsWithdrawalCanceled',
  data: { withdrawalId: payout.id, released: amountOf(payout), at },
})

/** It will never be sent. */
export const failPayout = (payout: PayoutState, reason: string, cause: Compensation['cause'], at: number): AccountEvent => {
  const compensates: Compensation = { cause, command: payout.ref, reverses: payout.kind, effect: amountOf(payout) }
  const released = amountOf(payout)
  return payout.kind === 'withdrawal'
    ? { type: 'FundsWithdrawalFailed', data: { withdrawalId: payout.id, reason, released, compensates, at } }
    : { type: 'FundsTransferReturned', data: { transferId: payout.id, to: payout.to, reason, released, compensates, at } }
}

/** The transaction that had sent it vanished. */
export const reversePayout = (payout: PayoutState, attempt: number, signature: string, at: number): AccountEvent => {
  const moved = { ...amountOf(payout), signature, attempt }
  const cause = { type: 'TransactionVanished', ref: payout.ref, attempt }
  const compensates: Compensation = { cause, command: payout.ref, reverses: payout.kind, effect: amountOf(payout) }
  return payout.kind === 'withdrawal'
    ? { type: 'FundsWithdrawalReversed', data: { withdrawalId: payout.id, ...moved, compensates, at } }
    : { type: 'FundsTransferRecalled', data: { transferId: payout.id, ...moved, to: payout.to, compensates, at } }
}

const amountOf = ({ asset, amount }: PayoutState) => ({ asset, amount: amount.toString() })
