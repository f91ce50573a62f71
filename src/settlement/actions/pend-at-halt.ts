import type { AccountState } from '../../commands/account/state.ts'
import { signingControl } from '../../commands/handler/brief.ts'
import type { AttemptState } from '../../commands/transaction/attempt-state.ts'
import { afterIssue, issue, type Outcome, type Settling } from './settling.ts'

/**
 * A halt can't take back what is signed: the order whose attempt is open becomes PendingCancel, and what becomes of it is decided in the
 * append that ends the attempt. Undefined: nothing is halted, or it is pending already.
 */
export const pendAtHalt = async (
  settling: Settling,
  accountId: string,
  state: AccountState,
  { purpose, ref }: AttemptState,
): Promise<Outcome | undefined> => {
  const { rules } = settling.deps
  const order = purpose === 'swap' ? state.orders.get(Number(ref)) : undefined
  if (!rules || !order || order.text !== null || order.cancelText !== null) return undefined
  // whoever changes a control wakes the account
  settling.halted.add(accountId)
  if (signingControl(rules, state, ref).state !== 'HALTED') return undefined
  const as = { accountId, ref, commandId: `halt-${ref}` }
  return afterIssue(settling, await issue(settling, { type: 'HaltOrder', number: order.number }, as), 'HaltOrder', as)
}
