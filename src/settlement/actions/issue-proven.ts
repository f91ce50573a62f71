import type { AccountCommand } from '../../commands/account/command.ts'
import { STALE_PROOF } from '../../commands/limits/signing-block.ts'
import type { SettlementDeps } from '../deps.ts'
import { provenFresh } from './halted.ts'
import { type Issue, type Issued, issue } from './settling.ts'

/** A slow moment of the store costs a proof its worth; so many in a row, and the bytes are too old anyway. */
const MAX_PROOFS = 20

/** Gives the account a command that signs. The proof that no halt was missed comes last, right before the decision: everything slow has been done. */
export const issueProven = async (
  settling: { readonly deps: Pick<SettlementDeps, 'handler' | 'clock' | 'rules' | 'log'> },
  command: AccountCommand & { readonly type: 'RecordSigned' },
  as: Issue,
): Promise<Issued> => {
  let issued: Issued = { kind: 'unanswered', detail: 'the event store cannot prove that no halt was missed' }
  for (let tries = 0; tries < MAX_PROOFS; tries++) {
    if (!(await provenFresh(settling.deps.rules))) break
    issued = await issue(settling, command, as)
    if (issued.kind !== 'declined' || issued.reason !== STALE_PROOF) break
    settling.deps.log.debug({ ...as, tries }, STALE_PROOF)
  }
  return issued
}
