import { z } from 'zod'
import type { Route } from '../../platform/http/route.ts'
import { orderOf } from '../../projections/cache/documents.ts'
import { type OrderRow, ordersTable } from '../../projections/read-models/orders.ts'
import { selectList } from '../../projections/rows/table.ts'
import type { ReaderDeps } from '../reader.ts'
import { BigText } from '../request/cursor.ts'
import { accountListRoute } from './account-list.ts'

// A walk down the primary key.
const NEWEST_FIRST = {
  name: 'orders-newest-first',
  text: `
    SELECT true AS "found", ${selectList(ordersTable, 'o')} FROM orders o
    WHERE o.account_id = $1 AND o.number < $3::bigint ORDER BY o.number DESC LIMIT $4::integer`,
}

/** GET /v1/accounts/:accountId/orders, newest first. */
export const ordersRoute = (deps: ReaderDeps): Route =>
  accountListRoute<OrderRow, [string]>(deps, {
    name: 'orders',
    sql: NEWEST_FIRST,
    key: z.tuple([BigText]),
    start: [String(2n ** 62n)],
    keyOf: (row) => [String(row.number)],
    documents: (rows) => rows.map(orderOf),
  })
