// A settlement worker alone in a process, to be killed: it opens its services, says "ready" to its parent, and settles from "go" on.
import { createAccountHandler } from '../../../src/commands/handler/create-handler.ts'
import { followInstruments } from '../../../src/events/instruments.ts'
import { ensureLogId } from '../../../src/events/log-identity.ts'
import { connectEventStore } from '../../../src/events/store/eventstore-db.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { createHealthBoard } from '../../../src/platform/health.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { createPool } from '../../../src/platform/postgres.ts'
import { createChain } from '../../../src/rpc/pool.ts'
import { createJupiterVenue } from '../../../src/rpc/venue/jupiter.ts'
import { createQuotes } from '../../../src/rpc/venue/quotes.ts'
import { openFaucet } from '../../../src/settlement/faucet.ts'
import { deriveKeystore } from '../../../src/settlement/keystore/keystore.ts'
import { startSettlementRole } from '../../../src/settlement/role.ts'
import { postgresCoordination } from '../../../src/settlement/work/coordination.ts'
import { withBorders } from './landing-borders.ts'
import type { Places } from './stand.ts'

export interface Go {
  /** Kills itself when it first comes to this border. */
  readonly dieAt: string | null
}

const places = JSON.parse(process.env.PLACES!) as Places
const clock = systemClock
const ids = systemIds
const log = createLog('worker', process.env.QUANTBOT_LOG ?? 'silent')
const registry = createRegistry('worker')
const store = await connectEventStore({ url: places.eventStore, log, clock })
const logId = await ensureLogId(store, ids)
const instruments = await followInstruments({ store, clock, ids, log, signal: new AbortController().signal })
const pool = createPool(places.database, { name: 'landing-worker', log })
const keystore = deriveKeystore(Buffer.from(places.seed, 'hex'))
const faucet = await openFaucet(places.faucetFile)
const chain = createChain({ urls: places.rpc, registry })
const venue = createJupiterVenue({ url: places.venue, apiKey: undefined, registry })
const quotes = createQuotes({ venue, instruments, clock, log, pollMs: 200 })
const handler = createAccountHandler({ store, clock, ids, log, registry, logId })

let dieAt: string | null = null
const cross = (border: string): void => {
  if (border === dieAt) process.kill(process.pid, 'SIGKILL')
}
const deps = withBorders(
  {
    ...{ store, chain, venue, handler, quotes, instruments, keystore, faucet, logId, clock, ids, log, registry },
    slotMs: places.slotMs,
    durableNonces: process.env.DURABLE_NONCES === 'all' ? 'all' : 'off',
    ...(process.env.ARRIVALS_MS ? { arrivalsMs: Number(process.env.ARRIVALS_MS) } : {}),
    coordination: postgresCoordination({ pool, logId, owner: `landing-worker-${process.pid}`, clock, log }),
    health: createHealthBoard(),
  },
  cross,
)

process.once('message', (go: Go) => {
  dieAt = go.dieAt
  startSettlementRole(deps)
})
process.once('disconnect', () => process.exit(0))
process.send?.('ready')
