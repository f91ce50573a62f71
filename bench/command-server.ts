import { parseArgs } from 'node:util'
import { createAccountHandler } from '../src/commands/handler/create-handler.ts'
import { cancelOrderRoute } from '../src/commands/routes/cancel-order.ts'
import { placeOrderRoute } from '../src/commands/routes/place-order.ts'
import { defineInstruments, followInstruments } from '../src/events/instruments.ts'
import { ensureLogId } from '../src/events/log-identity.ts'
import { connectEventStore } from '../src/events/store/eventstore-db.ts'
import { announceReady, stopWithParent } from '../src/platform/child.ts'
import { systemClock } from '../src/platform/clock.ts'
import { createHealthBoard } from '../src/platform/health.ts'
import { hashKey, SCOPES } from '../src/platform/http/grant.ts'
import { serveHttp } from '../src/platform/http/server.ts'
import { systemIds } from '../src/platform/ids.ts'
import { createLog } from '../src/platform/log.ts'
import { createRegistry } from '../src/platform/metrics.ts'
import { naiveHandler } from './naive-handler.ts'

/** The commands role's order routes behind the product's HTTP edge, on one of the contending handlers. */
const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { eventstore: { type: 'string' }, contender: { type: 'string' }, key: { type: 'string' } } })
  const log = createLog(`bench-${values.contender}`)
  const [clock, ids] = [systemClock, systemIds]
  const stop = new AbortController()
  const store = await connectEventStore({ url: values.eventstore ?? '', log, clock })
  await defineInstruments(store, clock)
  const logId = await ensureLogId(store, ids)
  const instruments = await followInstruments({ store, clock, ids, log, signal: stop.signal })
  const registry = createRegistry('bench')
  const handler =
    values.contender === 'naive' ? naiveHandler(store, ids, clock) : createAccountHandler({ store, clock, ids, log, registry, logId })
  // resting limit orders ask for neither price nor route
  const quotes = { mid: () => undefined, route: async () => 'unavailable' as const }
  const ports = { store, handler, instruments, quotes }
  const grant = { keyId: 'bench', scopes: new Set(SCOPES), accounts: '*' as const }
  const keys = { find: (hash: string) => (hash === hashKey(values.key ?? '') ? grant : undefined) }
  const health = createHealthBoard()
  const routes = [placeOrderRoute(ports), cancelOrderRoute(ports)]
  const http = await serveHttp({ routes, keys, health, registry, clock, ids, log }, '127.0.0.1', 0)
  stopWithParent(async () => {
    stop.abort()
    await http.close()
    await handler.close()
    await store.close()
  })
  announceReady({ part: 'commands', port: http.port, url: http.url })
}

await main()
