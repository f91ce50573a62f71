// What the launchers say, and how: one terse line per step on stderr, with its time. stdout belongs to the command that is started.
import { performance } from 'node:perf_hooks'

/** Ends a launcher with one line for a person; anything else that escapes is a bug and keeps its stack. */
export class Refusal extends Error {
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

export const say = (text) => process.stderr.write(`${text}\n`)

/** Runs `work` and tells how long it took; a `quiet` step speaks only when it fails. */
export async function step(name, work, { quiet = false, announce = '' } = {}) {
  const began = performance.now()
  if (announce && !quiet) say(`${name.padEnd(9)} ${announce}`)
  const told = await work()
  if (!quiet && told) say(`${name.padEnd(9)} ${told}, ${((performance.now() - began) / 1000).toFixed(1)} s`)
}

/** Runs a launcher's main function and turns its outcome into the exit code. */
export function launch(main) {
  main().then(
    (code) => {
      process.exitCode = code
    },
    (error) => {
      say(error instanceof Refusal ? error.message : (error?.stack ?? String(error)))
      process.exitCode = error instanceof Refusal ? error.exitCode : 1
    },
  )
}
