import { auditRoutes } from '../../../src/audit/routes.ts'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { defineInstruments, followInstruments } from '../../../src/events/instruments.ts'
import { createKey, followKeys } from '../../../src/events/key-ring.ts'
import { referenceEvent } from '../../../src/events/log-identity.ts'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { connectEventStore } from '../../../src/events/store/eventstore-db.ts'
import { accountStream } from '../../../src/events/streams.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { createHealthBoard } from '../../../src/platform/health.ts'
import { serveHttp } from '../../../src/platform/http/server.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { eventStoreUrl } from '../../support/services.ts'

/** The audit routes over HTTP on a real event store, with an auditor's key on everything and one on a single account. */
export const openAudit = async (own: string) => {
  const log = createLog('test', 'error')
  const clock = systemClock
  const ids = systemIds
  const stopped = new AbortController()
  const store = await connectEventStore({ url: await eventStoreUrl(), log, clock })
  await defineInstruments(store, clock)
  const [auditor, limited, reader] = [`auditor-${ids.uuid()}`, `limited-${ids.uuid()}`, `reader-${ids.uuid()}`]
  await createKey(store, { key: auditor, scopes: ['audit'], accounts: '*' }, clock.now())
  await createKey(store, { key: limited, scopes: ['audit'], accounts: [own] }, clock.now())
  await createKey(store, { key: reader, scopes: ['read'], accounts: '*' }, clock.now())
  const reference = { store, clock, ids, log, signal: stopped.signal }
  const [instruments, keys] = await Promise.all([followInstruments(reference), followKeys(reference)])
  const deps = { keys, health: createHealthBoard(), registry: createRegistry('test'), clock, ids, log }
  const server = await serveHttp({ ...deps, routes: auditRoutes({ store, instruments, clock }) }, '127.0.0.1', 0)

  const get = async (path: string, key = auditor) => {
    const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${key}` } })
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body }
  }
  return {
    store,
    instruments,
    keys: { auditor, limited, reader },
    get,
    append: (accountId: string, ...events: AccountEvent[]) => appendTo(store, accountId, events),
    close: async () => {
      await server.close()
      stopped.abort(new Error('done'))
      await store.close()
    },
  }
}

/** What the tests read of an answer. */
export interface Body {
  readonly data: never
  readonly code?: string
  readonly nextCursor?: string | null
  readonly asOfPosition?: string
  readonly references?: readonly { readonly streamId: string; readonly data: unknown }[]
}

/** Appends an account's next events in one go; resolves to the position of the last. */
const appendTo = async (store: EventStore, accountId: string, events: readonly AccountEvent[]): Promise<bigint> => {
  const proposed = events.map(({ type, data }) => referenceEvent(systemIds.uuid(), type, data, 'test', systemClock.now()))
  const outcome = await store.append(accountStream(accountId), 'any', proposed)
  if (outcome.kind !== 'appended') throw new Error(`not appended: ${outcome.kind}`)
  return outcome.position.commit
}
