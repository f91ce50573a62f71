import { z } from 'zod'
import { decodeAccountEvent } from '../events/decode.ts'
import type { EventStore, RecordedEvent } from '../events/store/event-store.ts'
import { accountStream, instrumentStream, parseOrderId } from '../events/streams.ts'
import { mayUse } from '../platform/http/grant.ts'
import { ok, type Reply, type Route, refuse, route } from '../platform/http/route.ts'
import { eventDocument, trackAttempts } from './event-document.ts'
import { orderStory } from './order-story.ts'
import { type AuditDeps, headOrRefusal, Place, readingLog } from './request.ts'

/**
 * GET /v1/audit/orders/:orderId/timeline: every event of the order, its transactions and its trades in `$all` order, and under
 * `references` the events of other streams that they cite (the instrument's version in force).
 */
export const timelineRoute = ({ store }: AuditDeps): Route =>
  route({
    method: 'GET',
    path: '/v1/audit/orders/:orderId/timeline',
    scope: 'audit',
    params: z.object({ orderId: z.string().refine((text) => parseOrderId(text) !== undefined, 'is not an order id') }),
    query: z.strictObject({ minPosition: Place.optional() }),
    handle: async ({ grant, params, query, signal }) => {
      const orderId = params.orderId!
      const { accountId, number } = parseOrderId(orderId)!
      if (!mayUse(grant, accountId)) return refuse('forbidden', 'this key has no grant on the account')
      return readingLog(store, async () => {
        const known = await headOrRefusal(store, query.minPosition)
        if (!('head' in known)) return known
        return timeline(store, accountId, { orderId, number }, known.head, signal)
      })
    },
  })

const timeline = async (
  store: EventStore,
  accountId: string,
  order: { readonly orderId: string; readonly number: number },
  head: bigint,
  signal: AbortSignal,
): Promise<Reply> => {
  const story = orderStory(order)
  const attempts = trackAttempts()
  const events: RecordedEvent[] = []
  for await (const recorded of store.readStream(accountStream(accountId))) {
    signal.throwIfAborted()
    // what came after the request began belongs to the next one: the answer states its position
    if (recorded.position.commit > head) break
    if (!story.belongs(decodeAccountEvent(recorded))) continue
    attempts.see(recorded)
    events.push(recorded)
  }
  if (events.length === 0) return refuse('not_found', 'no such order')
  const cited = story.instrument()
  const references = cited ? await instrumentVersion(store, cited.symbol, cited.version) : []
  return ok({
    data: events.map((event) => eventDocument(event, attempts.isOpen(event))),
    references: references.map((event) => eventDocument(event, false)),
    asOfPosition: head.toString(),
  })
}

const instrumentVersion = async (store: EventStore, symbol: string, version: number): Promise<readonly RecordedEvent[]> => {
  for await (const event of store.readStream(instrumentStream(symbol))) {
    if ((event.data as { readonly version?: unknown }).version === version) return [event]
  }
  return []
}
