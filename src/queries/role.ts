import type { InstrumentBook } from '../events/instruments.ts'
import type { EventStore } from '../events/store/event-store.ts'
import type { Ticker } from '../events/tick.ts'
import type { Clock } from '../platform/clock.ts'
import type { HealthBoard } from '../platform/health.ts'
import type { Route } from '../platform/http/route.ts'
import type { Ids } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { Counter, Gauge, type Registry } from '../platform/metrics.ts'
import { migrateToLatest } from '../platform/migrations.ts'
import { createPool } from '../platform/postgres.ts'
import type { ShardFeed } from '../projections/feed.ts'
import { replicaUrls, type ShardMap, shardOf, shardUrls } from '../projections/shard-map.ts'
import { ensureShardMaps, type ShardMaps, watchShardMaps } from '../projections/shard-map-stream.ts'
import { type AccountsAt, accountsAt } from './accounts-at.ts'
import { awaitPosition } from './consistency.ts'
import type { MarketDatabase, ReaderDeps } from './reader.ts'
import { algoRoute, algosRoute } from './resources/algos.ts'
import { balancesRoute } from './resources/balances.ts'
import { candlesRoute } from './resources/candles.ts'
import { compensationsRoute } from './resources/compensations.ts'
import { correctionListRoute, correctionRoute } from './resources/corrections.ts'
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
import { reconciliationRoute } from './resources/reconciliation.ts'
import { statusRoute } from './resources/status.ts'
import { streamRoutes } from './resources/streams.ts'
import { openMarketReplicas } from './shards/market-replicas.ts'
import { answerByNewestMap } from './shards/newest-map.ts'
import { type Presence, startPresence } from './shards/presence.ts'
import { openRedisReader } from './shards/redis-reader.ts'
import { createShardRouting, type RoutingDeps, type ShardRouting } from './shards/routing.ts'
import { openShards } from './shards/shards.ts'
import { changesOf } from './streams/changes.ts'

export interface QueriesDeps {
  readonly store: EventStore
  readonly instruments: InstrumentBook
  readonly ticker: Ticker
  readonly logId: string
  /** The first map's shards, in shard order; the servers that later maps lie on. */
  readonly databaseUrls: readonly string[]
  /** Streaming replicas of each database, in the same order. */
  readonly replicas?: readonly (readonly string[])[]
  readonly redisUrl: string | undefined
  /** Given when the projector role runs in the same process: its commits are known here at once. */
  readonly feed?: ShardFeed
  readonly registry: Registry
  readonly health: HealthBoard
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
}

export interface QueriesRole {
  readonly routes: readonly Route[]
  /** For the auditor's as-of over all accounts. */
  readonly accountsAt: AccountsAt
  close(): Promise<void>
}

/** Serves the read models. @throws when the databases do not fit the log's shard map */
export const startQueriesRole = async (deps: QueriesDeps): Promise<QueriesRole> => {
  const { store, logId, databaseUrls, redisUrl, feed, instruments, ticker, health, clock, log } = deps
  const first = databaseUrls[0]!
  await migrateToLatest(first, log)
  const coordination = createPool(first, { name: 'queries-first', log, max: 2 })
  const presence = await startPresence(coordination, `${process.pid}-${deps.ids.uuid()}`, deps)
  const maps = await ensureShardMaps(store, clock, databaseUrls)
  const stop = new AbortController()
  const replicaReads = new Counter({
    name: 'quantbot_replica_reads_total',
    help: 'Reads where replicas are: by one of them, or by the primary because they were behind, stale or away',
    labelNames: ['outcome'] as const,
    registers: [deps.registry],
  })
  const openMap = async (map: ShardMap) => {
    const urls = shardUrls(map, databaseUrls)
    await Promise.all(urls.map((url) => migrateToLatest(url, log)))
    return openShards({
      map: map.version,
      databaseUrls: urls,
      replicaUrls: replicaUrls(map, deps.replicas ?? []),
      replicaReads,
      logId,
      health,
      clock,
      log,
    })
  }
  const reaches: RoutingDeps['reaches'] = async (shard, position, signal) => {
    while (await awaitPosition(deps, shard.progress, position, signal)) signal.throwIfAborted()
  }
  const routing = await createShardRouting({ first: maps.current, openMap, reaches })
  await presence.report(maps.current.version)
  const redis = redisUrl === undefined ? undefined : openRedisReader(redisUrl, routing.open, { logId, clock, log })
  const steps = feed?.steps.subscribe((step) => {
    const shard = routing.open().find((one) => one.map === step.map && one.shard === step.shard)
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
  const following = followMaps(deps, maps, routing, presence, stop.signal)
  const marketReplicas = openMarketReplicas({ urls: deps.replicas?.[0] ?? [], primary: coordination, reads: replicaReads, clock, log })
  const market: MarketDatabase = {
    pool: coordination,
    replicas: marketReplicas,
    needs: 0n,
    shard: 0,
    failed: (detail) => log.debug({ detail }, 'market data cannot be read'),
  }
  const reader: ReaderDeps = {
    store,
    ticker,
    clock,
    logId,
    instruments,
    redis,
    cacheReads,
    log,
    market,
    changes: changesOf(feed?.steps, redis?.messages),
    get shards() {
      return routing.shards()
    },
    shardOf: (accountId) => routing.shards()[shardOf(routing.map(), accountId)]!,
  }
  const answered = answerByNewestMap({ routing, store, clock })
  const used = (one: Route): Route => ({ ...one, handle: (context) => answered(() => one.handle(context), context.signal) })
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
      correctionListRoute(reader),
      correctionRoute(reader),
      reconciliationRoute(reader, deps.store),
      algosRoute(reader),
      algoRoute(reader),
      performanceRoute(reader),
      candlesRoute(reader),
      statusRoute(reader),
      ...streamRoutes(reader),
    ].map(used),
    accountsAt: (request) => answered(() => accountsAt(reader)(request), request.signal),
    close: async () => {
      stop.abort(new Error('stopping'))
      steps?.unsubscribe()
      await following
      await redis?.close()
      await routing.close()
      await marketReplicas.close()
      await presence.close()
      await coordination.end()
    },
  }
}

/** Moves to a newer shard map as soon as the log has it in force, says so, and lets the old one's databases go once it is retired. */
const followMaps = (
  { store, databaseUrls, health, clock, log }: QueriesDeps,
  known: ShardMaps,
  routing: ShardRouting,
  presence: Presence,
  signal: AbortSignal,
): Promise<void> => {
  let detail: string | undefined
  // ready all the same: the map before is projected until this process has left it
  health.register('shard-map', () => ({ ready: true, ...(detail === undefined ? {} : { detail }) }))
  return watchShardMaps({ store, clock, signal }, known, async ({ current, leaving }) => {
    try {
      shardUrls(current, databaseUrls)
      await routing.moveTo(current, signal)
      await presence.report(current.version)
      detail = undefined
      if (!leaving) await routing.closeOld()
    } catch (error) {
      detail = error instanceof Error ? error.message : String(error)
      if (!signal.aborted) log.error({ err: error }, 'the newer shard map cannot be used yet')
      throw error
    }
  })
}
