import type { Action } from '../agenda.ts'
import { AWAY_MS, afterIssue, issue, type Outcome, type Settling, wait } from './settling.ts'

/**
 * The second half of a transfer, once its transaction is final: the receiver books it, then the sender notes that it has. A crash
 * between the two repeats the first, which the receiver knows by its id and ignores.
 */
export const deliverTransfer = async (
  settling: Settling,
  accountId: string,
  { payout }: Extract<Action, { kind: 'deliver' }>,
): Promise<Outcome> => {
  const { id: transferId, to, asset, amount, sent, ref } = payout
  if (!sent) return wait(AWAY_MS)
  const received = await issue(
    settling,
    { type: 'ReceiveTransfer', transferId, from: accountId, asset, amount, signature: sent.signature },
    { accountId: to, ref: `r-${accountId}.${transferId}`, commandId: `r-${accountId}.${transferId}` },
  )
  if (received.kind === 'unanswered') return wait(AWAY_MS)
  // Declined is either "already received", or a receiver that can't take it: told, tried again, never guessed.
  if (received.kind === 'declined' && received.reason !== 'already received') {
    settling.deps.log.error({ accountId, to, ref, reason: received.reason }, 'a transfer that was sent cannot be delivered')
    return wait(UNDELIVERABLE_MS)
  }
  const as = { accountId, ref, commandId: `complete-${ref}` }
  return afterIssue(settling, await issue(settling, { type: 'CompleteTransfer', transferId }, as), 'CompleteTransfer', as)
}

/** Between two tries with a receiver that refuses: only people can resolve it. */
const UNDELIVERABLE_MS = 60_000
