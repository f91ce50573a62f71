import type { Context, Runnable, Suite } from 'mocha'

// A symbol of the global registry: the reporter is loaded by another loader and may see another copy of this module.
const REASON = Symbol.for('quantbot.skipReason')

type Marked = { [REASON]?: string }

/** Skips the running test (or, from a before hook, its suite) and keeps the reason for the report. Never returns. */
export function skipBecause(context: Context, reason: string): never {
  const runnable = context.runnable() as Runnable & { readonly type?: string }
  const marked = runnable.type === 'hook' && runnable.parent ? runnable.parent : runnable
  Object.assign(marked, { [REASON]: reason } satisfies Marked)
  return context.skip()
}

/** The reason a test was skipped for: its own, or that of a suite around it. */
export const skipReason = (test: Runnable): string | undefined => {
  for (let at: (Runnable | Suite) & Marked = test; ; at = at.parent) {
    if (at[REASON] !== undefined) return at[REASON]
    if (!at.parent) return undefined
  }
}
