import { decide } from '../../commands/account/decide.ts'
import type { AccountState } from '../../commands/account/state.ts'
import { type AttemptState, attemptBySignature } from '../../commands/transaction/attempt-state.ts'
import type { LateLanding, LateSubject } from '../../commands/transaction/late-subject.ts'
import type { ChainTransaction } from '../../rpc/chain.ts'
import { costsOf } from '../landing/costs.ts'
import { restrain } from '../restrain.ts'
import { expiredSignatures, lateStory } from './late-story.ts'
import { issue, type Settling } from './settling.ts'

/**
 * A finalised transaction of ours in the history of one of our wallets: nearly always booked by its attempt, or about to be. One whose
 * expiry had been proven is booked as the late landing it is. `done`, or why to look again.
 */
export const bookIfLate = async (
  settling: Settling,
  accountId: string,
  signature: string,
  transaction: ChainTransaction,
): Promise<'done' | string> => {
  const { deps } = settling
  const state = await deps.handler.load(accountId)
  const known = attemptBySignature(state, signature)
  // its own booking comes first; one that can't be booked is looked at again by whoever follows it (follow.ts)
  if (known?.phase === 'open') return 'done'
  if (known && known.phase !== 'expired') {
    settling.ours.add(signature)
    return 'done'
  }
  const story = await lateStory(deps.store, accountId, signature)
  if (!story) {
    settling.ours.add(signature)
    return 'done'
  }
  const { ref, attempt, rawBytes } = story.signed
  const late = { ref, attempt, signature, generation: story.generation, subject: story.subject, wire: Buffer.from(rawBytes, 'base64') }
  return bookLate(settling, accountId, late, transaction)
}

/**
 * Asks the chain for every transaction of the account that was taken to be expired, and books those that are final there. The history of
 * its wallet may have been read while their attempts were open, so that it would not show them again.
 */
export const bookAllLate = async (settling: Settling, accountId: string): Promise<void> => {
  const { deps } = settling
  const signatures = await expiredSignatures(deps.store, accountId)
  for (let from = 0; from < signatures.length; from += STATUSES_A_CALL) {
    const page = signatures.slice(from, from + STATUSES_A_CALL)
    const answer = await deps.chain.statuses(page, { history: true })
    if (!answer.ok) return
    for (const [i, state] of answer.value.states.entries()) {
      if (state?.commitment !== 'finalized' || state.error !== null) continue
      const transaction = await deps.chain.transaction(page[i]!)
      if (transaction.ok && transaction.value) await bookIfLate(settling, accountId, page[i]!, transaction.value)
    }
  }
}

/** getSignatureStatuses takes 256. */
const STATUSES_A_CALL = 256

/** The second execution of an intent whose attempt is still open: final on the chain, and not to be booked as what it was signed for. */
export const bookSecondExecution = async (
  settling: Settling,
  accountId: string,
  { attempt, wire }: { readonly attempt: AttemptState; readonly wire: Uint8Array },
  transaction: ChainTransaction,
): Promise<'done' | string> => {
  const { ref, signature } = attempt
  const subject = subjectInFold(await settling.deps.handler.load(accountId), ref)
  if (!subject) return 'what it was signed for is not in the fold'
  const late = { ref, attempt: attempt.attempt, signature, generation: attempt.generation + 1, subject, wire }
  return bookLate(settling, accountId, late, transaction)
}

type Late = Pick<LateLanding, 'ref' | 'attempt' | 'signature' | 'generation' | 'subject'> & { readonly wire: Uint8Array }

const bookLate = async (
  settling: Settling,
  accountId: string,
  { wire, ...late }: Late,
  transaction: ChainTransaction,
): Promise<'done' | string> => {
  const { deps } = settling
  const state = await deps.handler.load(accountId, { fresh: true })
  const deltas = transaction.deltas.filter(({ owner }) => owner === state.wallet?.publicKey)
  const command: LateLanding = { type: 'BookLate', ...late, slot: transaction.slot, ...costsOf(wire, transaction), deltas }
  const { ref, signature } = late
  const preview = decide(state, command, deps.clock.now())
  if (preview.answer.kind === 'ignored') {
    deps.log.error({ accountId, ref, signature, reason: preview.answer.reason }, 'a late landing is not booked')
    return 'done'
  }
  deps.log.error({ accountId, ref, signature, slot: transaction.slot }, 'a transaction has landed that was taken to be over')
  // The account stands still before the booking shows what it did: a crash in between repeats both.
  const restrained = await restrain(settling, accountId, `late landing ${signature} of ${ref}`)
  if (restrained !== 'done') return restrained
  const issued = await issue(settling, command, { accountId, ref, commandId: `late-${signature}` })
  if (issued.kind === 'unanswered') return issued.detail
  if (issued.kind === 'applied') {
    settling.late.inc({ contradicts: preview.events.some(({ type }) => type === 'TradeOverfilled') ? 'execution' : 'expiry' })
    settling.ours.add(signature)
    settling.wake(accountId)
  }
  return 'done'
}

const subjectInFold = (state: AccountState, ref: string): LateSubject | undefined => {
  const order = state.orders.get(Number(ref))
  if (order) {
    const { orderId, clOrdId, side, strategyId, instrument } = order
    return { kind: 'order', orderId, clOrdId, side, strategyId, instrument }
  }
  const payout = state.payouts.get(ref)
  return payout && { kind: payout.kind, id: payout.id, asset: payout.asset, mint: payout.mint }
}
