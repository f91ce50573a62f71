import type { asOfAllRoute } from '../../../src/audit/as-of-all-route.ts'
import { defineInstruments, followInstruments, type InstrumentBook } from '../../../src/events/instruments.ts'
import { createTicker } from '../../../src/events/tick.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'
import { createHealthBoard, type HealthBoard } from '../../../src/platform/health.ts'
import { type Grant, hashKey } from '../../../src/platform/http/grant.ts'
import type { Route } from '../../../src/platform/http/route.ts'
import { serveHttp } from '../../../src/platform/http/server.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createRegistry, type Registry } from '../../../src/platform/metrics.ts'
import { createShardFeed, type ShardFeed } from '../../../src/projections/feed.ts'
import { startQueriesRole } from '../../../src/queries/role.ts'
import { log, openReadSide, type ReadSide } from '../projections/read-side.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown> & { readonly data?: unknown }
}

/** The queries role behind real HTTP, with or without the projector's feed. */
export interface ReadApi {
  readonly side: ReadSide
  readonly health: HealthBoard
  readonly feed: ShardFeed
  readonly registry: Registry
  readonly url: string
  /** For whoever asks past HTTP. */
  readonly routes: readonly Route[]
  readonly instruments: InstrumentBook
  get(path: string, key?: string): Promise<Answer>
  close(): Promise<void>
}

/** `reader` may read everything, `bound` only the accounts given, `trader-only` has no read scope. */
export const openReadApi = async (
  options: {
    readonly bound?: readonly string[]
    readonly redisUrl?: string
    readonly local?: boolean
    readonly urls?: readonly string[]
    readonly storeUrl?: string
    readonly replicas?: readonly (readonly string[])[]
    /** Of the queries role. */
    readonly clock?: Clock
    /** A route of the auditor that reads rows too. */
    readonly extra?: typeof asOfAllRoute
  } = {},
): Promise<ReadApi> => {
  const side = await openReadSide(options.urls, options.storeUrl)
  const stop = new AbortController()
  const deps = { store: side.store, clock: systemClock, ids: systemIds, log, signal: stop.signal }
  await defineInstruments(side.store, systemClock)
  const instruments = await followInstruments(deps)
  const health = createHealthBoard()
  const registry = createRegistry('test')
  const feed = createShardFeed()
  const queries = await startQueriesRole({
    ...{ ...deps, instruments, ticker: createTicker(deps), logId: side.logId, databaseUrls: side.urls, redisUrl: options.redisUrl },
    ...{ registry, health, replicas: options.replicas ?? [], clock: options.clock ?? systemClock },
    ...(options.local === false ? {} : { feed }),
  })
  const extra = options.extra ? [options.extra({ ...deps, instruments }, queries.accountsAt)] : []
  const grants = new Map<string, Grant>([
    [hashKey('reader'), { keyId: 'r', scopes: new Set(['read']), accounts: '*' }],
    [hashKey('bound'), { keyId: 'b', scopes: new Set(['read', 'audit']), accounts: new Set(options.bound ?? []) }],
    [hashKey('trade-only'), { keyId: 't', scopes: new Set(['trade']), accounts: '*' }],
  ])
  const http = await serveHttp(
    { ...deps, routes: [...queries.routes, ...extra], keys: { find: (hash) => grants.get(hash) }, health, registry },
    '127.0.0.1',
    0,
  )
  return {
    ...{ side, health, feed, registry, instruments, url: http.url, routes: queries.routes },
    get: async (path, key = 'reader') => {
      const response = await fetch(http.url + path, { headers: { authorization: `Bearer ${key}` } })
      return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] }
    },
    close: async () => {
      await http.close()
      await queries.close()
      stop.abort()
      await side.close()
    },
  }
}
