import { asOfAllRoute } from '../audit/as-of-all-route.ts'
import { auditRoutes } from '../audit/routes.ts'
import { createDesk } from '../commands/allotment/desk.ts'
import { withAllotments } from '../commands/allotment/with-allotments.ts'
import { createAccountHandler } from '../commands/handler/create-handler.ts'
import { startCommandsRole } from '../commands/role.ts'
import type { InstrumentBook } from '../events/instruments.ts'
import type { Rules } from '../events/rules.ts'
import type { EventStore } from '../events/store/event-store.ts'
import { createTicker } from '../events/tick.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import type { HealthBoard } from '../platform/health.ts'
import type { Route } from '../platform/http/route.ts'
import type { Ids } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { Registry } from '../platform/metrics.ts'
import { migrateToLatest } from '../platform/migrations.ts'
import { createPool } from '../platform/postgres.ts'
import { createShardFeed, type ShardFeed } from '../projections/feed.ts'
import { startTickRecorder } from '../projections/market/recorder.ts'
import { startProjectorRole } from '../projections/role.ts'
import { startQueriesRole } from '../queries/role.ts'
import { replaySource } from '../rpc/market-data/replay-source.ts'
import { createChain } from '../rpc/pool.ts'
import { jitoSender } from '../rpc/send/jito.ts'
import { relaySender } from '../rpc/send/relay.ts'
import type { Sender } from '../rpc/send/sender.ts'
import { bestOf } from '../rpc/venue/best-of.ts'
import { createJupiterVenue } from '../rpc/venue/jupiter.ts'
import { createQuotes, type Quotes } from '../rpc/venue/quotes.ts'
import { createRfqVenue } from '../rpc/venue/rfq.ts'
import type { SwapVenue } from '../rpc/venue/venue.ts'
import { openFaucet } from '../settlement/faucet.ts'
import { openKeystore } from '../settlement/keystore/keystore.ts'
import { startSettlementRole } from '../settlement/role.ts'
import { postgresCoordination } from '../settlement/work/coordination.ts'
import type { Services } from './open-services.ts'

export interface RolesDeps {
  readonly config: Config
  readonly services: Services
  readonly store: EventStore
  readonly logId: string
  readonly instruments: InstrumentBook
  readonly rules: Rules
  readonly registry: Registry
  readonly health: HealthBoard
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
}

export interface Roles {
  readonly routes: readonly Route[]
  close(): Promise<void>
}

/** Starts the roles of this process and gives back the routes that they serve. */
export const startRoles = async (deps: RolesDeps): Promise<Roles> => {
  const { config, instruments, log } = deps
  const closers: (() => Promise<void>)[] = []
  const routes: Route[] = []
  const market = config.roles.has('commands') || config.roles.has('settlement') ? openMarket(deps) : undefined
  if (market) closers.push(market.close)

  if (config.roles.has('projector') || config.roles.has('queries')) {
    // what the projector commits reaches readers of the same process without a detour
    const feed = config.roles.has('projector') && config.roles.has('queries') ? createShardFeed() : undefined
    closers.push(await startReadSide(deps, feed, routes))
  }
  if (market && config.roles.has('commands')) {
    const commands = startCommandsRole({ ...deps, instruments, quotes: market.quotes })
    routes.push(...commands.routes)
    closers.push(commands.close)
    if (config.roles.has('settlement')) closers.push(await startSettlement(deps, market, commands.handler))
  } else if (market) {
    const plain = createAccountHandler(deps)
    const handler = withAllotments(plain, createDesk({ ...deps, handler: plain }))
    closers.push(handler.close, await startSettlement(deps, market, handler))
  }
  return {
    routes,
    close: async () => {
      for (const close of closers.reverse()) await close().catch((error: unknown) => log.error({ err: error }, 'a role did not close'))
    },
  }
}

interface Market {
  readonly venue: SwapVenue
  readonly quotes: Quotes
  close(): Promise<void>
}

const openMarket = ({ config, services, instruments, registry, clock, log }: RolesDeps): Market => {
  const pools = createJupiterVenue({ url: services.venue, apiKey: config.venueApiKey, registry })
  // The embedded venue has a maker beside its pools.
  const makers = config.rfqUrl ?? (config.venueUrl === undefined && config.solanaRpcUrls === undefined ? services.venue : undefined)
  const rfq = makers === undefined ? [] : [{ name: 'rfq', venue: createRfqVenue({ url: makers, registry }) }]
  const venue = rfq.length === 0 ? pools : bestOf([{ name: 'pools', venue: pools }, ...rfq], registry)
  const instead = config.replays.map(({ symbol, file, speed }) => ({
    symbol,
    source: replaySource({ file, symbol, clock, pace: speed }),
  }))
  const quotes = createQuotes({ venue, instruments, clock, log, registry, instead })
  const close = async (): Promise<void> => {
    await quotes.close()
    await venue.close()
  }
  return { venue, quotes, close }
}

const startReadSide = async (deps: RolesDeps, feed: ShardFeed | undefined, routes: Route[]): Promise<() => Promise<void>> => {
  const { config, services, store, clock, ids } = deps
  const shared = {
    ...deps,
    databaseUrls: services.databases,
    replicas: config.replicas,
    redisUrl: services.redis,
    ...(feed ? { feed } : {}),
  }
  const closers: (() => Promise<void>)[] = []
  if (config.roles.has('projector')) closers.push((await startProjectorRole(shared)).close)
  if (config.roles.has('queries')) {
    const queries = await startQueriesRole({ ...shared, ticker: createTicker({ store, ids, clock }) })
    routes.push(...queries.routes, ...auditRoutes(deps), asOfAllRoute(deps, queries.accountsAt))
    closers.push(queries.close)
  }
  return async () => {
    for (const close of closers.reverse()) await close()
  }
}

const startSettlement = async (
  deps: RolesDeps,
  market: Market,
  handler: Parameters<typeof startSettlementRole>[0]['handler'],
): Promise<() => Promise<void>> => {
  const { config, services, registry, ids, log } = deps
  const coordination = services.databases[0]!
  await migrateToLatest(coordination, log)
  const pool = createPool(coordination, { name: 'settlement', log })
  const chain = createChain({ urls: services.rpc, registry, clock: deps.clock, slotMs: config.slotMs })
  const senders = openSenders(deps)
  const keystore = await openKeystore({ dataDir: config.dataDir, password: services.keystorePassword ?? '', ids })
  const settlement = startSettlementRole({
    ...deps,
    handler,
    chain,
    venue: market.venue,
    quotes: market.quotes,
    keystore,
    faucet: services.faucetKeyFile === undefined ? undefined : await openFaucet(services.faucetKeyFile),
    senders,
    prices: config.priceBounds,
    execution: config.execution,
    durableNonces: config.durableNonces,
    slotMs: config.slotMs,
    reconcilePolicy: config.reconcilePolicy,
    coordination: postgresCoordination({ ...deps, pool, owner: `${config.roleName}-${process.pid}` }),
  })
  const recording = createPool(coordination, { name: 'market', log, max: 2 })
  const recorder = startTickRecorder({
    market: market.quotes,
    pool: recording,
    owner: `${config.roleName}-${process.pid}`,
    clock: deps.clock,
    log,
    registry,
  })
  return async () => {
    await recorder.close()
    await recording.end()
    await settlement.close()
    await Promise.all(senders.map((sender) => sender.close()))
    await chain.close()
    await pool.end()
  }
}

/** Ways to the leaders besides the chain's own endpoints. */
const openSenders = ({ config, clock, registry }: RolesDeps): readonly Sender[] => [
  ...(config.jito ? [jitoSender({ ...config.jito, clock, registry })] : []),
  ...(config.relay ? [relaySender({ ...config.relay, clock, registry })] : []),
]
