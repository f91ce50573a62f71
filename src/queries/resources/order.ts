import { z } from 'zod'
import { orderIdOf, parseOrderId } from '../../events/streams.ts'
import { mayUse } from '../../platform/http/grant.ts'
import { ok, type Reply, type Route, refuse, route } from '../../platform/http/route.ts'
import { orderOf } from '../../projections/cache/documents.ts'
import { orderKey } from '../../projections/feed.ts'
import { type OrderRow, ordersTable } from '../../projections/read-models/orders.ts'
import { selectList } from '../../projections/rows/table.ts'
import { consistent, type ReaderDeps, readAccount, readCached } from '../reader.ts'
import { AccountIdText, ClOrdIdText, minPositionOf, OrderIdText, ReadQuery } from '../request/parameters.ts'
import type { Shard } from '../shards/shards.ts'

const BY_NUMBER = {
  name: 'order-by-number',
  text: `SELECT true AS "found", ${selectList(ordersTable, 'o')} FROM orders o WHERE o.account_id = $1 AND o.number = $3::bigint`,
}

// A clOrdId may come again after the account has forgotten it (100,000 orders later): the newest is meant.
const BY_CLIENT_ID = {
  name: 'order-by-client-id',
  text: `
    SELECT true AS "found", ${selectList(ordersTable, 'o')} FROM orders o
    WHERE o.account_id = $1 AND o.cl_ord_id = $3 ORDER BY o.number DESC LIMIT 1`,
}

/** GET /v1/orders/:orderId, from the cache when it can. */
export const orderRoute = (deps: ReaderDeps): Route =>
  route({
    method: 'GET',
    path: '/v1/orders/:orderId',
    scope: 'read',
    params: z.object({ orderId: OrderIdText }),
    query: ReadQuery,
    handle: async ({ grant, params, query, signal }) => {
      const { accountId, number } = parseOrderId(params.orderId!)!
      if (!mayUse(grant, accountId)) return refuse('forbidden', 'this key has no grant on the account')
      const shard = deps.shardOf(accountId)
      const minPosition = minPositionOf(query)
      const late = await consistent(deps, shard, minPosition, signal)
      if (late) return { refusal: late }
      const cached = await readCached(deps, shard, orderKey(orderIdOf(accountId, number)), minPosition)
      if (cached) return ok({ data: JSON.parse(cached.json) as unknown, asOfPosition: String(cached.asOf) })
      return readOrder(shard, accountId, BY_NUMBER, number)
    },
  })

/** GET /v1/accounts/:accountId/orders/by-client-id/:clOrdId */
export const orderByClientIdRoute = (deps: ReaderDeps): Route =>
  route({
    method: 'GET',
    path: '/v1/accounts/:accountId/orders/by-client-id/:clOrdId',
    scope: 'read',
    params: z.object({ accountId: AccountIdText, clOrdId: ClOrdIdText }),
    query: ReadQuery,
    handle: async ({ grant, params, query, signal }) => {
      const accountId = params.accountId!
      if (!mayUse(grant, accountId)) return refuse('forbidden', 'this key has no grant on the account')
      const shard = deps.shardOf(accountId)
      const late = await consistent(deps, shard, minPositionOf(query), signal)
      if (late) return { refusal: late }
      return readOrder(shard, accountId, BY_CLIENT_ID, params.clOrdId!)
    },
  })

const readOrder = async (shard: Shard, accountId: string, sql: typeof BY_NUMBER, value: string | number): Promise<Reply> => {
  const read = await readAccount<OrderRow>(shard, accountId, sql, [value])
  if ('refusal' in read) return read
  const row = read.rows[0]
  if (!row) return refuse('not_found', 'no such order', { extra: { asOfPosition: String(read.asOf) } })
  const document = orderOf(row)
  if (!read.incomplete) shard.cache.fill(orderKey(document.orderId), { json: JSON.stringify(document), asOf: read.asOf })
  return ok({ data: document, asOfPosition: String(read.asOf), ...(read.incomplete ? { incomplete: true } : {}) })
}
