import type { AttemptState } from '../../commands/transaction/attempt-state.ts'
import { proveAbsence } from '../../rpc/absence.ts'
import type { SignatureState } from '../../rpc/chain.ts'
import { afterIssue, issue, type Outcome, type Settling, WATCHED } from './settling.ts'

/** Landed attempts: one event for all that are final now; one that is proven gone is booked as vanished, and open again. */
export const finalizeAttempts = async (settling: Settling, accountId: string, attempts: readonly AttemptState[]): Promise<Outcome> => {
  const final: { readonly attempt: AttemptState; readonly slot: number }[] = []
  for (const attempt of attempts) {
    const sighting = settling.tracker.finality({ accountId, signature: attempt.signature, slot: attempt.slot ?? 0 })
    if (sighting.kind === 'final' && isBooked(attempt, sighting.state)) {
      final.push({ attempt, slot: sighting.state.slot })
    } else if (sighting.kind !== 'pending') {
      const outcome = await checkVanished(settling, accountId, attempt)
      if (outcome !== WATCHED) return outcome
    }
  }
  return final.length === 0 ? WATCHED : bookFinal(settling, accountId, final)
}

/** A fork may have it land again in another slot, at another price: only the landing that was booked may become final. */
const isBooked = ({ phase, slot }: AttemptState, state: SignatureState): boolean =>
  (state.error === null) === (phase === 'landed') && state.slot === slot

const bookFinal = async (
  settling: Settling,
  accountId: string,
  final: readonly { readonly attempt: AttemptState; readonly slot: number }[],
): Promise<Outcome> => {
  const transactions = final.map(({ attempt: { ref, attempt, signature, generation } }) => ({ ref, attempt, signature, generation }))
  const slot = Math.max(...final.map((each) => each.slot))
  const as = { accountId, ref: 'finality', commandId: `final-${transactions[0]?.generation}-${transactions[0]?.signature}` }
  const issued = await issue(settling, { type: 'BookFinalized', transactions, slot }, as)
  if (issued.kind === 'applied') for (const { signature } of transactions) settling.tracker.forget(signature)
  return afterIssue(settling, issued, 'BookFinalized', as)
}

/** Its slot is final and does not have it, or has it with another result: what was booked is taken back only on a quorum's word. */
const checkVanished = async (settling: Settling, accountId: string, attempt: AttemptState): Promise<Outcome> => {
  const slot = attempt.slot ?? 0
  const absence = await proveAbsence(settling.deps.chain, attempt.signature, { slot })
  const otherResult = absence.kind === 'found' && absence.state.commitment === 'finalized' && !isBooked(attempt, absence.state)
  if (absence.kind !== 'proven' && !otherResult) return WATCHED
  const { ref, signature, generation } = attempt
  settling.deps.log.warn({ accountId, ref, signature, slot }, 'a booked transaction is not on the finalised chain')
  const as = { accountId, ref, commandId: `vanished-${generation}-${signature}` }
  const issued = await issue(settling, { type: 'BookVanished', ref, attempt: attempt.attempt, signature, generation, slot }, as)
  if (issued.kind === 'applied') settling.tracker.forget(signature)
  return afterIssue(settling, issued, 'BookVanished', as)
}
