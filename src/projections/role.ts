import type { EventStore } from '../events/store/event-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { HealthBoard } from '../platform/health.ts'
import type { Ids } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { Registry } from '../platform/metrics.ts'
import { connectRedis } from '../platform/redis.ts'
import { createCacheWriter } from './cache/cache-writer.ts'
import type { ShardFeed, ShardStep } from './feed.ts'
import { projectionMetrics } from './metrics.ts'
import { shardUrls } from './shard-map.ts'
import { ensureShardMaps, type ShardMaps, watchShardMaps } from './shard-map-stream.ts'
import { projectMap, type ShardSet } from './shard-set.ts'

export interface ProjectorDeps {
  readonly store: EventStore
  readonly logId: string
  /** The first map's shards, in shard order; the servers that later maps lie on. */
  readonly databaseUrls: readonly string[]
  /** Undefined: no Redis; readers of this process still get their cache through `feed`. */
  readonly redisUrl: string | undefined
  /** Given when the queries role runs in the same process. */
  readonly feed?: ShardFeed
  /** How often rows are held against the log; each check's own pace when left out. */
  readonly verifyEveryMs?: number
  readonly registry: Registry
  readonly health: HealthBoard
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
}

/**
 * Projects the log into the shards that this process can lease: those of the map in force and, during a reshard, those of the map that
 * readers are leaving. @throws when a database is another log's or another shard's
 */
export const startProjectorRole = async (deps: ProjectorDeps): Promise<{ close(): Promise<void> }> => {
  const { store, logId, databaseUrls, feed, health, clock, ids, log } = deps
  const maps = await ensureShardMaps(store, clock, databaseUrls)
  const redis = deps.redisUrl === undefined ? undefined : connectRedis(deps.redisUrl, { name: 'projector', log })
  const metrics = projectionMetrics(deps.registry)
  const cache = redis && createCacheWriter(redis, { logId, metrics, log })
  const publish = (step: ShardStep): void => {
    feed?.publish(step)
    cache?.write(step)
  }
  const owner = `${process.pid}-${ids.uuid()}`
  const sets = new Map<number, ShardSet>()
  let unopened: string | undefined
  health.register('projector', () => {
    const detail = unopened ?? [...sets.values()].map((set) => set.trouble()).find((trouble) => trouble !== undefined)
    return detail === undefined ? { ready: true } : { ready: false, detail }
  })
  const project = async ({ current, leaving }: ShardMaps): Promise<void> => {
    const wanted = [current, ...(leaving ? [leaving] : [])]
    for (const map of wanted)
      if (!sets.has(map.version))
        sets.set(
          map.version,
          await projectMap(
            { store, logId, owner, publish, metrics, verifyEveryMs: deps.verifyEveryMs, clock, log },
            map,
            shardUrls(map, databaseUrls),
          ),
        )
    for (const [version, set] of sets)
      if (wanted.every((map) => map.version !== version)) {
        sets.delete(version)
        await set.close()
      }
  }
  const stop = new AbortController()
  const close = async (): Promise<void> => {
    stop.abort(new Error('stopping'))
    await watching
    await Promise.all([...sets.values()].map((set) => set.close()))
    await cache?.close()
    await redis?.close()
  }
  let watching: Promise<void> = Promise.resolve()
  try {
    await project(maps)
  } catch (error) {
    await close()
    throw error
  }
  watching = watchShardMaps({ store, clock, signal: stop.signal }, maps, async (changed) => {
    try {
      await project(changed)
      unopened = undefined
    } catch (error) {
      unopened = error instanceof Error ? error.message : String(error)
      log.error({ err: error }, 'a shard map cannot be projected')
      throw error
    }
  })
  return { close }
}
