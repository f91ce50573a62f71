import { monotonicMs } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { freshAccounts } from '../projections/read-side.ts'
import { startChecker, type Verdict } from '../reshard/checker.ts'
import type { ReplicaStand } from './replica-stand.ts'

export interface ReplicaRounds extends Verdict {
  readonly outcomes: Readonly<Record<string, number>>
  readonly pauses: number
}

export interface RoundsOptions {
  /** That the standby answers; those of the primary come on top. */
  readonly reads: number
  /** Readers who ask for the same at once share one read of a database. */
  readonly accounts?: number
  readonly readers?: number
  /** Ends then, with as many reads as there were. */
  readonly minutes?: number
}

/**
 * The standby stops replaying and goes on at random, while balances are credited and read through it: every answer is held against the log
 * at the position that it states and at the one that was asked for.
 */
export const playReplicas = async (
  { pair, api, outcomes }: ReplicaStand,
  { reads, accounts = 6, readers = 2, minutes = Number.POSITIVE_INFINITY }: RoundsOptions,
): Promise<ReplicaRounds> => {
  // a page of its own is not answered from the cache, but by a database
  const read = (path: string) => api.get(`${path}&limit=1000`)
  const checker = await startChecker(api.side.store, freshAccounts(accounts, 'replica'), read, { pauseMs: 4 * accounts, readers })
  const stop = new AbortController()
  let pauses = 0
  const saboteur = (async () => {
    while (!stop.signal.aborted) {
      await pair.standby.query('SELECT pg_wal_replay_pause()').then(() => pauses++)
      await wait(20 + systemIds.below(400))
      await pair.standby.query('SELECT pg_wal_replay_resume()')
      await wait(20 + systemIds.below(400))
    }
  })()
  const enough = async (): Promise<boolean> => {
    const { replica = 0, behind = 0 } = await outcomes()
    return replica >= reads && behind > 5 && pauses > 2
  }
  try {
    const end = monotonicMs() + minutes * 60_000
    while (!(await enough()) && monotonicMs() < end) await wait(50)
  } finally {
    stop.abort()
    await saboteur
  }
  return { ...(await checker.end()), outcomes: await outcomes(), pauses }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
