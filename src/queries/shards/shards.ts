import type { Clock } from '../../platform/clock.ts'
import type { Health, HealthBoard } from '../../platform/health.ts'
import type { Logger } from '../../platform/log.ts'
import type { Counter } from '../../platform/metrics.ts'
import { createPool, faultOf, type Pool } from '../../platform/postgres.ts'
import { createLoads, type Loads } from './loads.ts'
import { openReplicas, type Replicas } from './replicas.ts'
import { createShardCache, type ShardCache } from './shard-cache.ts'
import { createShardProgress, type ShardProgress } from './shard-progress.ts'

/** One database of the read side, as readers use it. */
export interface Shard {
  /** Version of the shard map that it belongs to. */
  readonly map: number
  readonly shard: number
  readonly pool: Pool
  readonly cache: ShardCache
  readonly progress: ShardProgress
  /** Reads under way: who asks the same meanwhile shares one. */
  readonly loads: Loads
  /** Where reads go first, when these have replayed enough. */
  readonly replicas: Replicas
  /** A reader's verdict, for readiness. */
  failed(detail: string): void
}

/** The shards of one map, open for reading. */
export interface OpenShards {
  readonly shards: readonly Shard[]
  /** From now on the process is ready only while these are. */
  serve(): void
  close(): Promise<void>
}

export interface ShardsDeps {
  /** Version of the shard map. */
  readonly map: number
  readonly databaseUrls: readonly string[]
  /** Of each shard, in shard order; none where left out. */
  readonly replicaUrls: readonly (readonly string[])[]
  readonly replicaReads: Counter<'outcome'>
  readonly logId: string
  readonly health: HealthBoard
  readonly clock: Clock
  readonly log: Logger
}

/** Readiness is at most this old. */
const BEAT_MS = 1_000
const BEAT_DEADLINE_MS = 2_500
/** Two cores' worth of reads in flight per shard; more would only wait in Postgres. */
const CONNECTIONS = 6

export const openShards = ({ map, databaseUrls, replicaUrls, replicaReads, logId, health, clock, log }: ShardsDeps): OpenShards => {
  const stop = new AbortController()
  const opened = databaseUrls.map((url, shard) => {
    const pool = createPool(url, { name: `queries-${shard}`, log, max: CONNECTIONS })
    const cache = createShardCache()
    let detail: string | undefined = 'not asked yet'
    const look = async (): Promise<bigint | undefined> => {
      const { rows } = await pool.query<{ log_id: string; commit_position: bigint }>({
        name: 'checkpoint-look',
        text: 'SELECT log_id, commit_position FROM checkpoint WHERE shard = $1',
        values: [shard],
      })
      if (!rows[0]) detail = 'no projector has started on it yet'
      else detail = rows[0].log_id === logId ? undefined : `it holds another log (${rows[0].log_id})`
      return detail === undefined ? rows[0]?.commit_position : undefined
    }
    const progress = createShardProgress({ clock, look, told: () => cache.told() })
    const replicas = openReplicas({ urls: replicaUrls[shard] ?? [], shard, known: progress.known, reads: replicaReads, clock, log })
    const failed = (reason: string): void => {
      detail = reason
    }
    const state = (): Health => (detail === undefined ? { ready: true } : { ready: false, detail })
    const beat = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const late = new AbortController()
        const inTime = clock.sleep(BEAT_DEADLINE_MS, late.signal).then(() => failed('the database does not answer'))
        const asked = look().then(
          (position) => void (position !== undefined && progress.saw(position)),
          (error: unknown) => failed(faultOf(error)),
        )
        await Promise.race([asked, inTime]).catch(() => undefined)
        late.abort()
        await inTime.catch(() => undefined)
        await clock.sleep(BEAT_MS, stop.signal).catch(() => undefined)
      }
    }
    return { shard: { map, shard, pool, cache, progress, loads: createLoads(), replicas, failed }, state, beating: beat() }
  })
  return {
    shards: opened.map(({ shard }) => shard),
    serve: () => {
      for (const { shard, state } of opened) health.register(partOf(map, shard.shard), state)
    },
    close: async () => {
      stop.abort()
      for (const { shard } of opened) health.remove(partOf(map, shard.shard))
      await Promise.all(opened.map(({ beating }) => beating))
      await Promise.all(opened.map(({ shard }) => shard.replicas.close()))
      await Promise.all(opened.map(({ shard }) => shard.pool.end()))
    },
  }
}

const partOf = (map: number, shard: number): string => (map === 1 ? `shard-${shard}` : `shard-${map}.${shard}`)
