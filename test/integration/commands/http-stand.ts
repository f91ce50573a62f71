import { type CommandsRole, startCommandsRole } from '../../../src/commands/role.ts'
import type { PriceCitation } from '../../../src/events/fields.ts'
import { defineInstruments, followInstruments } from '../../../src/events/instruments.ts'
import { followRules } from '../../../src/events/rules.ts'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { createHealthBoard } from '../../../src/platform/health.ts'
import { type Grant, hashKey, type Scope } from '../../../src/platform/http/grant.ts'
import { serveHttp } from '../../../src/platform/http/server.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { log } from './write-side.ts'

/** What the venue's side says, set by a test; undefined: no fresh price. */
export interface Market {
  mid: PriceCitation | undefined
  route: 'available' | 'none' | 'unavailable'
  routesAsked: number
}

export interface Answered {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly contentType: string
}

export interface HttpStand {
  readonly role: CommandsRole
  readonly market: Market
  call(method: string, path: string, body?: unknown, key?: string): Promise<Answered>
  close(): Promise<void>
}

const grant = (keyId: string, scopes: Scope[], accounts: Grant['accounts'] = '*'): Grant => ({ keyId, scopes: new Set(scopes), accounts })

/**
 * The commands role behind the real HTTP server, on the real event store. Keys: trader, analyst, operator and operator-2, stranger (a grant on
 * one other account), foreign-operator (likewise). `follow`: held against the rules of the log, as in the product.
 */
export const httpStand = async (store: EventStore, { follow = false }: { readonly follow?: boolean } = {}): Promise<HttpStand> => {
  const stop = new AbortController()
  await defineInstruments(store, systemClock)
  const reference = { store, clock: systemClock, ids: systemIds, log, signal: stop.signal }
  const instruments = await followInstruments(reference)
  const rules = follow ? await followRules(reference) : undefined
  const market: Market = { mid: undefined, route: 'available', routesAsked: 0 }
  const registry = createRegistry('test')
  const health = createHealthBoard()
  const role = startCommandsRole({
    store,
    instruments,
    rules,
    quotes: {
      mid: () => market.mid,
      route: async () => {
        market.routesAsked++
        return market.route
      },
    },
    clock: systemClock,
    ids: systemIds,
    log,
    registry,
    health,
    logId: 'test-log',
  })
  const grants = new Map([
    [hashKey('trader'), grant('k-trader', ['trade', 'read'])],
    [hashKey('analyst'), grant('k-analyst', ['read'])],
    [hashKey('operator'), grant('k-operator', ['read', 'operate', 'risk:admin'])],
    [hashKey('operator-2'), grant('k-operator-2', ['read', 'operate', 'risk:admin'])],
    [hashKey('foreign-operator'), grant('k-foreign', ['read', 'operate'], new Set(['somebody-else']))],
    [hashKey('stranger'), grant('k-stranger', ['trade', 'read'], new Set(['somebody-else']))],
  ])
  const keys = { find: (hash: string) => grants.get(hash) }
  const http = await serveHttp({ routes: role.routes, keys, health, registry, clock: systemClock, ids: systemIds, log }, '127.0.0.1', 0)
  return {
    role,
    market,
    call: async (method, path, body, key = 'trader') => {
      const response = await fetch(http.url + path, {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return {
        status: response.status,
        body: (await response.json()) as Record<string, unknown>,
        contentType: response.headers.get('content-type') ?? '',
      }
    },
    close: async () => {
      stop.abort()
      await http.close()
      await role.close()
    },
  }
}
