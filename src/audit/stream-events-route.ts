import { z } from 'zod'
import type { EventStore, RecordedEvent } from '../events/store/event-store.ts'
import { mayUse } from '../platform/http/grant.ts'
import { ok, type Reply, type Route, refuse, route } from '../platform/http/route.ts'
import { eventDocument, trackAttempts } from './event-document.ts'
import { type AuditDeps, headOrRefusal, Limit, Place, readingLog } from './request.ts'
import { streamFamily } from './stream-family.ts'

const DEFAULT_LIMIT = 100
const MOST = 1_000
/** A page ends early here: a thousand snapshots would not fit in memory many times over. */
const PAGE_BYTES = 8 * 1024 * 1024

/** GET /v1/audit/streams/:stream/events: the raw events of one stream, in pages from a revision. `nextCursor` is the next `from`. */
export const streamEventsRoute = ({ store }: AuditDeps): Route =>
  route({
    method: 'GET',
    path: '/v1/audit/streams/:stream/events',
    scope: 'audit',
    params: z.object({ stream: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'is not the name of a stream') }),
    query: z.strictObject({ from: Place.optional(), limit: Limit(MOST).optional(), minPosition: Place.optional() }),
    handle: async ({ grant, params, query }) => {
      const stream = params.stream!
      const family = streamFamily(stream)
      if (!family && grant.accounts === '*') return refuse('not_found', 'no such stream')
      if (grant.accounts !== '*' && (family?.accountId == null || !mayUse(grant, family.accountId)))
        return refuse('forbidden', "this key reads its own accounts' streams only")
      return readingLog(store, () => page(store, stream, query))
    },
  })

const page = async (store: EventStore, stream: string, query: Readonly<Record<string, string>>): Promise<Reply> => {
  const known = await headOrRefusal(store, query.minPosition)
  if (!('head' in known)) return known
  const from = BigInt(query.from ?? '0')
  const limit = Number(query.limit ?? DEFAULT_LIMIT)
  const attempts = trackAttempts()
  const events: RecordedEvent[] = []
  let bytes = 0
  let more = false
  for await (const event of store.readStream(stream, from, limit + 1)) {
    bytes += JSON.stringify(event.data).length
    if (events.length === limit || (bytes > PAGE_BYTES && events.length > 0)) {
      more = true
      break
    }
    attempts.see(event)
    events.push(event)
  }
  if (events.length === 0 && !(await exists(store, stream))) return refuse('not_found', 'no such stream')
  const next = events.length === 0 ? from : events.at(-1)!.revision + 1n
  await seeOutcomes(store, stream, next, attempts)
  return ok({
    data: events.map((event) => eventDocument(event, attempts.isOpen(event))),
    nextCursor: more ? next.toString() : null,
    asOfPosition: known.head.toString(),
  })
}

/** Outcomes of the page's signed transactions usually follow within a few events; one that is open has none to the end. */
const seeOutcomes = async (store: EventStore, stream: string, from: bigint, attempts: ReturnType<typeof trackAttempts>): Promise<void> => {
  if (!attempts.anyOpen()) return
  for await (const event of store.readStream(stream, from)) {
    // a transaction signed after the page is not of it
    if (event.type !== 'TransactionSigned') attempts.see(event)
    if (!attempts.anyOpen()) return
  }
}

const exists = async (store: EventStore, stream: string): Promise<boolean> => {
  for await (const _newest of store.readBackwards(stream, 1)) return true
  return false
}
