import type { InstrumentBook } from '../events/instruments.ts'
import type { EventStore } from '../events/store/event-store.ts'
import { SHARD_MAP_STREAM } from '../events/streams.ts'
import type { Ticker } from '../events/tick.ts'
import type { Clock } from '../platform/clock.ts'
import type { HealthBoard } from '../platform/health.ts'
import type { Route } from '../platform/http/route.ts'
import type { Logger } from '../platform/log.ts'
import { Counter, Gauge, type Registry } from '../platform/metrics.ts'
import { migrateToLatest } from '../platform/migrations.ts'
import type { ShardFeed } from '../projections/feed.ts'
import { ensureShardMap, readShardMap, type ShardMap, shardOf } from '../projections/shard-map.ts'
import type { ReaderDeps } from './reader.ts'
import { algoRoute, algosRoute } from './resources/algos.ts'
import { balancesRoute } from './resources/balances.ts'
import { candlesRoute } from './resources/candles.ts'
import { compensationsRoute } from './resources/compensations.ts'
import { executionsRoute } from './resources/executions.ts'
import { exposureRoute } from './resources/exposure.ts'
import { ledgerRoute } from './resources/ledger.ts'
import { lotsRoute } from './resources/lots.ts'
import { orderByClientIdRoute, orderRoute } from './resources/order.ts'
import { orderCostsRoute } from './resources/order-costs.ts'
import { ordersRoute } from './resources/orders.ts'
import { payoutListRoutes, payoutRoutes } from './resources/payouts.ts'
import { performanceRoute } from './resources/performance.ts'
import { pnlRoute } from './resources/pnl.ts'
import { positionsRoute } from './resources/positions.ts'
import { statusRoute } from './resources/status.ts'
import { openRedisReader } from './shards/redis-reader.ts'
import { openShards } from './shards/shards.ts'

export interface QueriesDeps {
  readonly store: EventStore
  readonly instruments: InstrumentBook
  readonly ticker: Ticker
  readonly logId: string
  /** One per shard, in shard order. */
  readonly databaseUrls: readonly string[]
  readonly redisUrl: string | undefined
  /** Given when the projector role runs in the same process: its commits are known here at once. */
  readonly feed?: ShardFeed
  readonly registry: Registry
  readonly health: HealthBoard
  readonly clock: Clock
  readonly log: Logger
}

/** Serves the read models. @throws when the databases do not fit the log's shard map */
export const startQueriesRole = async (deps: QueriesDeps): Promise<{ readonly routes: readonly Route[]; close(): Promise<void> }> => {
  const { store, logId, databaseUrls, redisUrl, feed, instruments, ticker, health, clock, log } = deps
  await Promise.all(databaseUrls.map((url) => migrateToLatest(url, log)))
  let map = await ensureShardMap(store, clock, databaseUrls.length)
  const stop = new AbortController()
  const opened = openShards({ databaseUrls, logId, health, clock, log })
  const { shards } = opened
  const redis = redisUrl === undefined ? undefined : openRedisReader(redisUrl, shards, { logId, clock, log })
  const steps = feed?.steps.subscribe((step) => {
    const shard = shards[step.shard]
    shard?.cache.applyStep(step)
    shard?.progress.saw(step.to)
  })
  new Gauge({
    name: 'quantbot_cache_redis_up',
    help: '1 while Redis serves reads',
    registers: [deps.registry],
    collect() {
      this.set(redis?.ready() ? 1 : 0)
    },
  })
  const cacheReads = new Counter({
    name: 'quantbot_cache_reads_total',
    help: 'Balances and orders answered from the cache of the process, from Redis or from the database',
    labelNames: ['tier'] as const,
    registers: [deps.registry],
  })
  const following = followShardMap(
    deps,
    (newer) => {
      map = newer
    },
    stop.signal,
  )

  const reader: ReaderDeps = {
    ...{ store, ticker, clock, logId, instruments, shards, redis, cacheReads, log },
    shardOf: (accountId) => shards[shardOf(map, accountId)]!,
  }
  return {
    routes: [
      orderByClientIdRoute(reader),
      orderRoute(reader),
      orderCostsRoute(reader),
      balancesRoute(reader),
      ordersRoute(reader),
      executionsRoute(reader),
      positionsRoute(reader),
      lotsRoute(reader),
      pnlRoute(reader),
      exposureRoute(reader),
      ledgerRoute(reader),
      ...payoutListRoutes(reader),
      ...payoutRoutes(reader),
      compensationsRoute(reader),
      algosRoute(reader),
      algoRoute(reader),
      performanceRoute(reader),
      candlesRoute(reader),
      statusRoute(reader),
    ],
    close: async () => {
      stop.abort(new Error('stopping'))
      steps?.unsubscribe()
      await following
      await redis?.close()
      await opened.close()
    },
  }
}

/** Takes a newer shard map over as soon as the log has it; one for another number of databases makes this process unready. */
const followShardMap = async ({ store, databaseUrls, health, log }: QueriesDeps, onMap: (map: ShardMap) => void, signal: AbortSignal) => {
  let detail: string | undefined
  health.register('shard-map', () => (detail === undefined ? { ready: true } : { ready: false, detail }))
  for await (const _ of store.follow({ after: undefined, streams: `^${SHARD_MAP_STREAM}$`, signal, batch: 10 })) {
    const map = await readShardMap(store).catch(() => undefined)
    if (!map) continue
    if (map.shards === databaseUrls.length) onMap(map)
    else {
      detail = `shard map ${map.version} is for ${map.shards} databases, DATABASE_URLS names ${databaseUrls.length}`
      log.error(detail)
    }
  }
}
