import type { Action } from '../agenda.ts'
import { afterIssue, issue, type Outcome, type Settling, wait } from './settling.ts'

/** A timer that waits longer looks again in between: one sleep can't hold more than 24 days, and clocks are corrected. */
const LONGEST_MS = 3_600_000

/** A deadline of the account's: until then a wait, then the command that says it is over. The account's own clock decides. */
export const keepTime = async (
  settling: Settling,
  accountId: string,
  { at, command, ref }: Extract<Action, { kind: 'timer' }>,
): Promise<Outcome> => {
  const left = at - settling.deps.clock.now()
  if (left > 0) return wait(Math.min(left, LONGEST_MS))
  const as = { accountId, ref, commandId: `timer-${command.type}-${ref}-${at}` }
  return afterIssue(settling, await issue(settling, command, as), command.type, as)
}
