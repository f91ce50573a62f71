import { type Reply, refuse } from '../../platform/http/route.ts'
import type { AccountState } from '../account/state.ts'
import type { CommandPorts } from './respond.ts'

/** An answer that needs the account to exist but no command: 404 comes before it. */
export const existing = async (
  { handler }: CommandPorts,
  accountId: string,
  answer: (state: AccountState) => Reply | Promise<Reply>,
): Promise<Reply> => {
  const state = await handler.load(accountId, { fresh: true }).catch(() => undefined)
  if (!state) return refuse('not_ready', 'the account could not be read')
  return state.accountId === undefined ? refuse('not_found', 'no such account') : answer(state)
}
