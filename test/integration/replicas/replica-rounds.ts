import { monotonicMs } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { startPair } from '../../support/debian-postgres.ts'
import { freshAccounts } from '../projections/read-side.ts'
import { openReadApi } from '../queries/read-api.ts'
import { startChecker, type Verdict } from '../reshard/checker.ts'

export interface ReplicaRounds extends Verdict {
  /** Reads by where they were answered: `replica`, `behind` and `failed` by the primary, `stale` refused by their own snapshot. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly pauses: number
}

export interface RoundsOptions {
  readonly shards: number
  readonly reads: number
  readonly storeUrl?: string
  readonly readers?: number
  /** Ends then, with as many reads as there were. */
  readonly minutes?: number
}

/**
 * A streaming pair whose standby stops replaying and goes on at random, while balances are credited and read through it: every answer is
 * held against the log at the position that it states and at the one that was asked for.
 */
export const playReplicas = async (
  bin: string,
  { shards, reads, storeUrl, readers = 2, minutes = Number.POSITIVE_INFINITY }: RoundsOptions,
): Promise<ReplicaRounds> => {
  const pair = await startPair(bin)
  const names = Array.from({ length: shards }, (_, shard) => `trading_${shard}`)
  for (const name of names) await pair.primary.query(`CREATE DATABASE ${name}`)
  const api = await openReadApi({
    ...{ urls: names.map(pair.primary.url), replicas: names.map((name) => [pair.standby.url(name)]) },
    ...(storeUrl === undefined ? {} : { storeUrl }),
  })
  const stop = new AbortController()
  try {
    await api.side.startProjector({ feed: api.feed })
    // a page of its own is not answered from the cache, but by a database
    const read = (path: string) => api.get(`${path}&limit=1000`)
    const checker = await startChecker(api.side.store, freshAccounts(6, 'replica'), read, { pauseMs: 20, readers })
    let pauses = 0
    const saboteur = (async () => {
      while (!stop.signal.aborted) {
        await pair.standby.query('SELECT pg_wal_replay_pause()').then(() => pauses++)
        await wait(20 + systemIds.below(400))
        await pair.standby.query('SELECT pg_wal_replay_resume()')
        await wait(20 + systemIds.below(400))
      }
    })()
    const outcomes = async (): Promise<Record<string, number>> => {
      const metric = await api.registry.getSingleMetric('quantbot_replica_reads_total')!.get()
      return Object.fromEntries(metric.values.map(({ labels, value }) => [String(labels.outcome), value]))
    }
    const enough = async (): Promise<boolean> => {
      const { replica = 0, behind = 0 } = await outcomes()
      return checker.reads() >= reads && replica > 5 && behind > 5 && pauses > 2
    }
    const end = monotonicMs() + minutes * 60_000
    while (!(await enough()) && monotonicMs() < end) await wait(50)
    stop.abort()
    await saboteur
    return { ...(await checker.end()), outcomes: await outcomes(), pauses }
  } finally {
    stop.abort()
    await api.close()
    await pair.close()
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
