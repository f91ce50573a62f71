import type { Clock } from '../../platform/clock.ts'
import type { HealthBoard } from '../../platform/health.ts'
import type { Logger } from '../../platform/log.ts'
import { createPool, faultOf, type Pool } from '../../platform/postgres.ts'
import { createLoads, type Loads } from './loads.ts'
import { createShardCache, type ShardCache } from './shard-cache.ts'
import { createShardProgress, type ShardProgress } from './shard-progress.ts'

/** One database of the read side, as readers use it. */
export interface Shard {
  readonly shard: number
  readonly pool: Pool
  readonly cache: ShardCache
  readonly progress: ShardProgress
  /** Reads under way: who asks the same meanwhile shares one. */
  readonly loads: Loads
  /** A reader's verdict, for readiness. */
  failed(detail: string): void
}

export interface ShardsDeps {
  readonly databaseUrls: readonly string[]
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

export const openShards = ({
  databaseUrls,
  logId,
  health,
  clock,
  log,
}: ShardsDeps): { shards: readonly Shard[]; close(): Promise<void> } => {
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
    const failed = (reason: string): void => {
      detail = reason
    }
    health.register(`shard-${shard}`, () => (detail === undefined ? { ready: true } : { ready: false, detail }))
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
    return { shard: { shard, pool, cache, progress, loads: createLoads(), failed }, beating: beat() }
  })
  return {
    shards: opened.map(({ shard }) => shard),
    close: async () => {
      stop.abort()
      await Promise.all(opened.map(({ beating }) => beating))
      await Promise.all(opened.map(({ shard }) => shard.pool.end()))
    },
  }
}
