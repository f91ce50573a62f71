import type { Logger } from '../../platform/log.ts'

/**
 * The database client keeps its pending batch appends in one table per process and can throw inside its own stream handler:
 * an answer for an append that was already given up, or a write to a batch stream that broke. Our own timers and the
 * unknown-outcome rule have dealt with these appends, so such a fault is logged and the process goes on. Any other fault ends it.
 */
export const guardClientFaults = (log: Logger): void => {
  if (installed) return
  installed = true
  const handle = (kind: 'uncaughtException' | 'unhandledRejection') => (error: unknown) => {
    if (isLateAppendFault(error)) return log.warn({ err: error }, 'late answer of the event store client ignored')
    // a test runner or debugger that listens as well keeps its own say
    if (process.listenerCount(kind) > 1) return
    log.fatal({ err: error }, kind)
    process.exit(1)
  }
  process.on('uncaughtException', handle('uncaughtException'))
  process.on('unhandledRejection', handle('unhandledRejection'))
}

let installed = false

/** Recognised by where it was thrown: the client's append code, nothing of ours in between. */
const isLateAppendFault = (error: unknown): boolean => {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const first = stack.split('\n').find((line) => /^\s+at /.test(line)) ?? ''
  return /@eventstore[\\/]db-client[\\/]dist[\\/](streams[\\/]appendToStream|utils[\\/]backpressuredWrite)/.test(first)
}
