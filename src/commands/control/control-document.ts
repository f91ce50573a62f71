import type { Control } from '../../events/controls.ts'

/** A scope's control as HTTP answers it. */
export const controlDocument = ({ scope, state, reason, by, at, setBy, pending }: Control) => ({
  scope,
  state,
  reason,
  by,
  at: new Date(at).toISOString(),
  setBy,
  pendingResume: pending && { to: pending.to, requestedBy: pending.by, at: new Date(pending.at).toISOString() },
})
