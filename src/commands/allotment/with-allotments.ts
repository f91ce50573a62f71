import type { AccountCommand, CommandContext } from '../account/command.ts'
import type { AccountHandler, Executed } from '../handler/account-handler.ts'
import type { Desk } from './desk.ts'

/** An order's share may be taken back between its arrival and the decision; that often in a row, and the sender is told to come again. */
const MAX_ROUNDS = 5

/** A handler that gets an order the shares it lacks and asks again. Orders under no wider limit pass through untouched. */
export const withAllotments = (inner: AccountHandler, desk: Desk): AccountHandler => ({
  ...inner,
  execute: async (accountId, command, context) => {
    const executed = await inner.execute(accountId, command, context)
    return needsOf(executed) && (command.type === 'PlaceOrder' || command.type === 'ReplaceOrder')
      ? provided(inner, desk, accountId, command, context, executed)
      : executed
  },
})

const needsOf = (executed: Executed) =>
  executed.kind === 'answered' && executed.answer.kind === 'needs_shares' ? executed.answer.needs : undefined

const provided = async (
  inner: AccountHandler,
  desk: Desk,
  accountId: string,
  command: AccountCommand & { readonly type: 'PlaceOrder' | 'ReplaceOrder' },
  context: CommandContext,
  first: Executed,
): Promise<Executed> => {
  let executed = first
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const needs = needsOf(executed)
    if (!needs) return executed
    const exhausted = await desk.provide(accountId, needs, context)
    if (!exhausted) return { kind: 'unavailable', detail: 'a share of a limit could not be had: the event store does not answer' }
    executed = await inner.execute(accountId, { ...command, exhausted }, context)
  }
  return executed
}
