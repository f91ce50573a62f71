import type { EventStore } from '../events/store/event-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { HealthBoard } from '../platform/health.ts'
import type { Ids } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { Registry } from '../platform/metrics.ts'
import { migrateToLatest } from '../platform/migrations.ts'
import { createPool, type Pool } from '../platform/postgres.ts'
import { connectRedis } from '../platform/redis.ts'
import { createCacheWriter } from './cache/cache-writer.ts'
import type { ShardFeed, ShardStep } from './feed.ts'
import { projectionMetrics } from './metrics.ts'
import { ensureShardMap, type ShardMap } from './shard-map.ts'
import { ownShard } from './shard-owner.ts'
import { dispatchEvents } from './subscription.ts'
import { sampleAccounts } from './verification/sampling.ts'
import { checkDatabase } from './writing/checkpoint.ts'
import type { ShardWriter } from './writing/shard-writer.ts'

export interface ProjectorDeps {
  readonly store: EventStore
  readonly logId: string
  /** One per shard, in shard order. */
  readonly databaseUrls: readonly string[]
  /** Undefined: no Redis; readers of this process still get their cache through `feed`. */
  readonly redisUrl: string | undefined
  /** Given when the queries role runs in the same process. */
  readonly feed?: ShardFeed
  readonly registry: Registry
  readonly health: HealthBoard
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
}

/** Leases that come and go together (start, a database's return) cost one new subscription. */
const SETTLE_MS = 50

/** Projects the log into the shards that this process can lease. @throws when a database is another log's or another shard's */
export const startProjectorRole = async (deps: ProjectorDeps): Promise<{ close(): Promise<void> }> => {
  const { store, logId, databaseUrls, feed, clock, log } = deps
  await Promise.all(databaseUrls.map((url) => migrateToLatest(url, log)))
  const map = await ensureShardMap(store, clock, databaseUrls.length)
  const pools = databaseUrls.map((url, shard) => createPool(url, { name: `projector-${shard}`, log, max: 3 }))
  const redis = deps.redisUrl === undefined ? undefined : connectRedis(deps.redisUrl, { name: 'projector', log })
  const closePools = async (): Promise<void> => {
    await Promise.all(pools.map((pool) => pool.end()))
    await redis?.close()
  }
  try {
    await Promise.all(pools.map((pool, shard) => checkDatabase(pool, { shard, logId, mapVersion: map.version })))
  } catch (error) {
    await closePools()
    throw error
  }
  const metrics = projectionMetrics(deps.registry)
  const cache = redis && createCacheWriter(redis, { logId, metrics, log })
  const publish = (step: ShardStep): void => {
    feed?.publish(step)
    cache?.write(step)
  }
  const stop = new AbortController()
  const running = runShards(deps, map, pools, publish, metrics, stop.signal)
  return {
    close: async () => {
      stop.abort(new Error('stopping'))
      await running
      await cache?.close()
      await closePools()
    },
  }
}

const runShards = async (
  deps: ProjectorDeps,
  map: ShardMap,
  pools: readonly Pool[],
  publish: (step: ShardStep) => void,
  metrics: ReturnType<typeof projectionMetrics>,
  signal: AbortSignal,
): Promise<void> => {
  const { store, logId, clock, ids, log, health } = deps
  const writers = new Map<number, ShardWriter>()
  let fatal: string | undefined
  let connected = true
  let changed = new AbortController()
  const owner = `${process.pid}-${ids.uuid()}`

  health.register('projector', () => {
    const troubles = [...writers.values()].flatMap((writer) => writer.trouble() ?? [])
    const detail = fatal ?? troubles[0] ?? (connected ? undefined : 'the subscription is down')
    return detail === undefined ? { ready: true } : { ready: false, detail }
  })

  const own = (pool: Pool, shard: number): Promise<void> =>
    ownShard({
      ...{ pool, shard, shards: pools.length, logId, mapVersion: map.version, owner, publish, metrics, clock, log, signal },
      onWriter: (writer) => {
        if (writer) writers.set(shard, writer)
        else writers.delete(shard)
        changed.abort()
      },
    }).catch((error: unknown) => {
      fatal = error instanceof Error ? error.message : String(error)
      log.fatal({ err: error, shard }, 'the shard cannot be projected')
    })
  const owners = pools.map(own)
  const sampling = sampleAccounts({ store, pools, held: () => writers.keys(), metrics, clock, log, signal })

  while (!signal.aborted) {
    await clock.sleep(SETTLE_MS, signal).catch(() => undefined)
    if (signal.aborted) break
    changed = new AbortController()
    const end = (): void => changed.abort()
    signal.addEventListener('abort', end, { once: true })
    const held = [...writers.values()]
    if (held.length === 0) await aborted(changed.signal)
    else {
      for (const writer of held) writer.clear()
      log.info({ shards: held.map((writer) => writer.shard) }, 'projecting')
      await dispatchEvents({
        ...{ store, map, writers: held, signal: changed.signal },
        onState: (state) => {
          connected = state.connected
        },
        onNewMap: () => {
          fatal = 'a newer shard map is in force: restart with its databases'
        },
      }).catch((error: unknown) => log.error({ err: error }, 'the subscription failed'))
    }
    signal.removeEventListener('abort', end)
  }
  await Promise.all(owners)
  await sampling
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
