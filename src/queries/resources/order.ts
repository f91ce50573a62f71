import { z } from 'zod'
import { orderIdOf, parseOrderId } from '../../events/streams.ts'
import { JsonText } from '../../platform/http/json-text.ts'
import { ok, type Reply, type Route } from '../../platform/http/route.ts'
import { orderOf } from '../../projections/cache/documents.ts'
import { orderKey } from '../../projections/document-keys.ts'
import { type OrderRow, ordersTable } from '../../projections/read-models/orders.ts'
import { selectList } from '../../projections/rows/table.ts'
import { type ReaderDeps, type ReadShard, readAccount, readCached } from '../reader.ts'
import { AccountIdText, ClOrdIdText, OrderIdText, ReadQuery } from '../request/parameters.ts'
import { accountRead, oneReply } from './account-read.ts'

const BY_NUMBER = {
  name: 'order-by-number',
  text: `SELECT true AS "found", ${selectList(ordersTable, 'o')} FROM orders o WHERE o.account_id = $1 AND o.number = $3::bigint`,
}

// The order's own clOrdId, or one that a replace gave it. One may come again after the account has forgotten it (100,000 orders later):
// the newest order is meant. Three looks at an index, whatever the account has.
const BY_CLIENT_ID = {
  name: 'order-by-client-id',
  text: `
    SELECT true AS "found", ${selectList(ordersTable, 'o')} FROM orders o
    WHERE o.account_id = $1 AND o.number = (
      SELECT max(number) FROM (
        (SELECT number FROM orders WHERE account_id = $1 AND cl_ord_id = $3 ORDER BY number DESC LIMIT 1)
        UNION ALL SELECT order_number FROM order_client_ids WHERE account_id = $1 AND cl_ord_id = $3
      ) known)`,
}

/** GET /v1/orders/:orderId, from the cache when it can. */
export const orderRoute = (deps: ReaderDeps): Route =>
  accountRead(deps, {
    path: '/v1/orders/:orderId',
    params: z.object({ orderId: OrderIdText }),
    query: ReadQuery,
    accountOf: ({ orderId }) => parseOrderId(orderId!)!.accountId,
    answer: ({ accountId, shard, params }) => orderReply(deps, shard, accountId, parseOrderId(params.orderId!)!.number),
  })

/** The same answer for whoever has waited for the position already. */
export const orderReply = async (deps: ReaderDeps, shard: ReadShard, accountId: string, number: number): Promise<Reply> => {
  const key = orderKey(orderIdOf(accountId, number))
  const cached = await readCached(deps, shard, key, shard.needs)
  if (cached) return ok(new JsonText(`{"data":${cached.json},"asOfPosition":"${cached.asOf}"}`))
  return readOrder(shard, accountId, BY_NUMBER, number)
}

/** GET /v1/accounts/:accountId/orders/by-client-id/:clOrdId */
export const orderByClientIdRoute = (deps: ReaderDeps): Route =>
  accountRead(deps, {
    path: '/v1/accounts/:accountId/orders/by-client-id/:clOrdId',
    params: z.object({ accountId: AccountIdText, clOrdId: ClOrdIdText }),
    query: ReadQuery,
    accountOf: ({ accountId }) => accountId!,
    answer: ({ accountId, shard, params }) => readOrder(shard, accountId, BY_CLIENT_ID, params.clOrdId!),
  })

const readOrder = async (shard: ReadShard, accountId: string, sql: typeof BY_NUMBER, value: string | number): Promise<Reply> => {
  const read = await readAccount<OrderRow>(shard, accountId, sql, [value])
  return oneReply(read, 'no such order', (row) => {
    const document = orderOf(row)
    if (!('refusal' in read) && !read.incomplete)
      shard.cache.fill(orderKey(document.orderId), { json: JSON.stringify(document), asOf: read.asOf })
    return document
  })
}
