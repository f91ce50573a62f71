import { changeControl, readControl } from '../commands/control/change-control.ts'
import type { StreamDeps } from '../commands/reference/decide-on-stream.ts'
import { accountScope } from '../events/scope.ts'
import type { Logger } from '../platform/log.ts'

/** What becomes of an account whose ledger and chain do not agree, or that the chain has surprised. */
export type ReconcilePolicy = 'halt' | 'reduce' | 'report'

const CONTROL = { halt: 'HALTED', reduce: 'REDUCING' } as const

/**
 * Halts or reduces the account by the usual control, as the policy says; `report` leaves it alone. A control that is as strict already
 * stays as it is, and so does one that was set at or after `since` (ms): people may have resumed. `done`, or why it is not in force yet.
 */
export const restrain = async (
  { deps }: { readonly deps: StreamDeps & { readonly log: Logger; readonly reconcilePolicy?: ReconcilePolicy } },
  accountId: string,
  reason: string,
  since = Number.POSITIVE_INFINITY,
): Promise<'done' | string> => {
  const policy = deps.reconcilePolicy ?? 'halt'
  if (policy === 'report') return 'done'
  const before = await readControl(deps, accountScope(accountId))
  if (!before) return 'the event store does not answer'
  // told already, or people have looked at it since and resumed
  if (before.state !== undefined && before.state.at >= since) return 'done'
  const command = { scope: accountScope(accountId), to: CONTROL[policy], reason, actor: 'settlement', time: deps.clock.now() }
  const id = `restrain-${accountId}`
  const decided = await changeControl(deps, command, { commandId: id, correlationId: id })
  if (decided.kind === 'unavailable') return 'the event store does not answer'
  // it may be halted already: a stricter control is not loosened, which would take a second actor
  deps.log.warn({ accountId, policy, reason, state: decided.fold.state?.state }, 'the account stands still until people have looked')
  return 'done'
}
