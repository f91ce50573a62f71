import { type ChildProcess, spawn } from 'node:child_process'
import { createLog } from '../../../src/platform/log.ts'
import { nodeArguments } from '../../../src/platform/node-arguments.ts'
import { createPool } from '../../../src/platform/postgres.ts'
import type { Go } from './landing-worker.ts'
import type { Places } from './stand.ts'

/** Settlement workers in processes of their own, to be killed one after the other. */
export interface Workers {
  /** The next worker at work; it kills itself when it first comes to the border. */
  next(dieAt?: string | null): Promise<ChildProcess>
  /** The same, with none to follow. */
  last(): Promise<ChildProcess>
  close(): Promise<void>
}

export const openWorkers = (places: Places, env: Record<string, string> = {}): Workers => {
  const pool = createPool(places.database, { name: 'kill-nine', log: createLog('test', 'silent') })
  const spares: Promise<ChildProcess>[] = []
  const all: ChildProcess[] = []
  const open = async (): Promise<ChildProcess> => {
    const worker = spawn(process.execPath, nodeArguments('../test/integration/settlement/landing-worker'), {
      // Only its parent writes to stdout.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, ...env, PLACES: JSON.stringify(places) },
    })
    all.push(worker)
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('exit', (code) => reject(new Error(`a worker ended with ${code} before it was ready`)))
    })
    return worker
  }
  /** Sends one to work and keeps so many ready for after it: loading takes longer than most lives. */
  const take = async (dieAt: string | null, ready: number): Promise<ChildProcess> => {
    while (spares.length < 1 + ready) spares.push(open())
    const worker = await spares.shift()!
    // The dead owner's leases would hold up the next one for seconds; they are for efficiency, the account's stream is the fence.
    await pool.query("UPDATE leases SET expires_at = now() - interval '1 s'")
    worker.send({ dieAt } satisfies Go)
    return worker
  }
  return {
    next: (dieAt = null) => take(dieAt, 1),
    last: () => take(null, 0),
    close: async () => {
      await Promise.allSettled(spares)
      for (const worker of all) worker.kill('SIGKILL')
      await pool.end()
    },
  }
}

/** Kills it after so many ms and waits for its end. */
export const killAfter = (worker: ChildProcess, ms: number): Promise<void> =>
  new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
    setTimeout(() => worker.kill('SIGKILL'), ms)
  })

/** Waits for its death by its own hand; one that does not come to its border in time is killed where it is. @throws when it ends otherwise */
export const deathOf = (worker: ChildProcess, longestMs: number): Promise<'itself' | 'elsewhere'> =>
  new Promise((resolve, reject) => {
    let by: 'itself' | 'elsewhere' = 'itself'
    const timer = setTimeout(() => {
      by = 'elsewhere'
      worker.kill('SIGKILL')
    }, longestMs)
    worker.once('exit', (code, signal) => {
      clearTimeout(timer)
      if (signal === 'SIGKILL') resolve(by)
      else reject(new Error(`a worker ended by itself: ${signal ?? code}`))
    })
  })
