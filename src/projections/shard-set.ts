import type { EventStore } from '../events/store/event-store.ts'
import { abortWithin } from '../platform/abort-within.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { migrateToLatest } from '../platform/migrations.ts'
import { createPool, type Pool } from '../platform/postgres.ts'
import type { ShardStep } from './feed.ts'
import type { ProjectionMetrics } from './metrics.ts'
import type { ShardMap } from './shard-map.ts'
import { ownShard } from './shard-owner.ts'
import { dispatchEvents } from './subscription.ts'
import { countCompleteness } from './verification/completeness.ts'
import { sampleAccounts } from './verification/sampling.ts'
import { checkDatabase } from './writing/checkpoint.ts'
import type { ShardWriter } from './writing/shard-writer.ts'

export interface ShardSetDeps {
  readonly store: EventStore
  readonly logId: string
  /** Names this process in the leases, the same for all of its sets. */
  readonly owner: string
  readonly publish: (step: ShardStep) => void
  readonly metrics: ProjectionMetrics
  /** How often rows are held against the log; each check's own pace when left out. */
  readonly verifyEveryMs?: number | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** The shards of one map, as far as this process holds them. During a reshard there are two sets. */
export interface ShardSet {
  readonly map: ShardMap
  readonly pools: readonly Pool[]
  /** Undefined while it projects. */
  trouble(): string | undefined
  close(): Promise<void>
}

/** Leases that come and go together (start, a database's return) cost one new subscription. */
const SETTLE_MS = 50

/** Projects the log into the shards of a map that this process can lease. @throws when a database is another log's, map's or shard's */
export const projectMap = async (deps: ShardSetDeps, map: ShardMap, urls: readonly string[]): Promise<ShardSet> => {
  const { logId, log } = deps
  await Promise.all(urls.map((url) => migrateToLatest(url, log)))
  const pools = urls.map((url, shard) => createPool(url, { name: `projector-${shard}`, log, max: 3 }))
  const closePools = async (): Promise<void> => {
    await Promise.all(pools.map((pool) => pool.end()))
  }
  try {
    await Promise.all(pools.map((pool, shard) => checkDatabase(pool, { shard, logId, mapVersion: map.version })))
  } catch (error) {
    await closePools()
    throw error
  }
  const stop = new AbortController()
  const running = runShards(deps, map, pools, stop.signal)
  return {
    map,
    pools,
    trouble: running.trouble,
    close: async () => {
      stop.abort(new Error('stopping'))
      await running.ended
      await closePools()
    },
  }
}

const runShards = (deps: ShardSetDeps, map: ShardMap, pools: readonly Pool[], signal: AbortSignal) => {
  const { store, logId, metrics, verifyEveryMs, clock, log } = deps
  const writers = new Map<number, ShardWriter>()
  let fatal: string | undefined
  let connected = true
  let changed = new AbortController()

  const own = (pool: Pool, shard: number): Promise<void> =>
    ownShard({
      ...deps,
      pool,
      shard,
      shards: pools.length,
      mapVersion: map.version,
      signal,
      onWriter: (writer) => {
        if (writer) writers.set(shard, writer)
        else writers.delete(shard)
        changed.abort()
      },
    }).catch((error: unknown) => {
      fatal = error instanceof Error ? error.message : String(error)
      log.fatal({ err: error, shard }, 'the shard cannot be projected')
    })

  const run = async (): Promise<void> => {
    const owners = pools.map(own)
    const busy = (): boolean => [...writers.values()].some((writer) => writer.behind())
    const pace = verifyEveryMs === undefined ? {} : { everyMs: verifyEveryMs }
    const checks = { store, pools, held: () => writers.keys(), busy, metrics, clock, log, signal, ...pace }
    const checking = Promise.all([sampleAccounts({ ...checks, logId }), countCompleteness({ ...checks, map })])
    while (!signal.aborted) {
      await clock.sleep(SETTLE_MS, signal).catch(() => undefined)
      if (signal.aborted) break
      changed = abortWithin(signal)
      const held = [...writers.values()]
      if (held.length === 0) await aborted(changed.signal)
      else {
        for (const writer of held) writer.clear()
        log.info({ map: map.version, shards: held.map((writer) => writer.shard) }, 'projecting')
        await dispatchEvents({
          store,
          map,
          writers: held,
          signal: changed.signal,
          onState: (state) => {
            connected = state.connected
          },
        }).catch((error: unknown) => log.error({ err: error }, 'the subscription failed'))
      }
      changed.abort()
    }
    await Promise.all(owners)
    await checking
  }
  return {
    ended: run(),
    trouble: (): string | undefined => {
      const troubles = [...writers.values()].flatMap((writer) => writer.trouble() ?? [])
      return fatal ?? troubles[0] ?? (connected ? undefined : 'the subscription is down')
    },
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
