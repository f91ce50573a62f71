import { z } from 'zod'
import { orderDocument } from '../events/order-document.ts'
import type { RecordedEvent } from '../events/store/event-store.ts'
import { ID_PATTERN } from '../events/streams.ts'
import { mayUse } from '../platform/http/grant.ts'
import { ok, type Reply, type Route, refuse, route } from '../platform/http/route.ts'
import { balanceDocuments, type Replay, replayAccount } from './replay.ts'
import { type AuditDeps, headOrRefusal, Limit, Place, readingLog } from './request.ts'

/** The most rows that a list answers. */
const MOST_ORDERS = 1_000

const Query = z
  .strictObject({
    position: Place.optional(),
    time: z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with a zone' }).optional(),
    limit: Limit(MOST_ORDERS).optional(),
    cursor: z
      .string()
      .regex(/^[1-9]\d{0,14}$/, 'is not a cursor of this list')
      .optional(),
  })
  .refine(({ position, time }) => (position === undefined) !== (time === undefined), 'give exactly one of position and time')

/**
 * GET /v1/audit/accounts/:accountId/as-of: the account rebuilt by replay. A position includes the event at it; a time t means the
 * account's events created up to t, so an event's own `created` includes it. Orders come newest first; `nextCursor` leads to older ones.
 */
export const asOfRoute = ({ store, instruments, clock }: AuditDeps): Route =>
  route({
    method: 'GET',
    path: '/v1/audit/accounts/:accountId/as-of',
    scope: 'audit',
    params: z.object({ accountId: z.string().regex(ID_PATTERN, 'is not an account id') }),
    query: Query,
    handle: async ({ grant, params, query, signal }) => {
      const accountId = params.accountId!
      if (!mayUse(grant, accountId)) return refuse('forbidden', 'this key has no grant on the account')
      const { position, time } = query
      const until = time === undefined ? undefined : Date.parse(time)
      if (until !== undefined && until > clock.now()) return refuse('not_ready', `${time} has not come yet`)
      return readingLog(store, async () => {
        const known = await headOrRefusal(store, position)
        if (!('head' in known)) return known
        const cut = position === undefined ? known.head : BigInt(position)
        const within = (event: RecordedEvent): boolean => event.position.commit <= cut && (until === undefined || event.created <= until)
        const most = Number(query.limit ?? MOST_ORDERS)
        const replay = await replayAccount(store, accountId, {
          within,
          orders: { below: Number(query.cursor ?? Number.MAX_SAFE_INTEGER), most },
          signal,
        })
        return asOf(accountId, replay, () => balanceDocuments(replay, instruments), cutOf(replay, cut, until))
      })
    },
  })

/** The position that tells the same story: of a time, the account's last event before it. */
const cutOf = (replay: Replay, cut: bigint, until: number | undefined): bigint =>
  until === undefined ? cut : (replay.last?.position.commit ?? cut)

const asOf = (accountId: string, replay: Replay, balances: () => unknown, position: bigint): Reply => {
  if (!replay.last)
    return refuse(
      'not_found',
      replay.beyond ? `the account was opened later, at position ${replay.beyond.position.commit}` : 'no such account',
    )
  return ok({
    data: { accountId, balances: balances(), orders: replay.orders.map(orderDocument) },
    nextCursor: replay.olderOrders ? String(replay.orders.at(-1)!.number) : null,
    asOfPosition: position.toString(),
  })
}
