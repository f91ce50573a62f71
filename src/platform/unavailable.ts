import { writeSync } from 'node:fs'

/** Exit code of a part that this machine cannot provide; the supervisor does not start it again. */
export const UNAVAILABLE = 3

/** Ends a part that cannot be had on this machine; the supervisor reads the reason and goes on without it. */
export const endAsUnavailable = (part: string, reason: string): never => {
  // Written synchronously: the process is gone before an asynchronous write would leave it.
  writeSync(1, `UNAVAILABLE ${JSON.stringify({ part, reason })}\n`)
  process.exit(UNAVAILABLE)
}
