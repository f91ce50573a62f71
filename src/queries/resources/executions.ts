import { z } from 'zod'
import { orderIdOf } from '../../events/streams.ts'
import { averagePrice, formatPrice, formatUnits } from '../../platform/decimal.ts'
import type { Reply, Route } from '../../platform/http/route.ts'
import { type ExecutionRow, executionsTable } from '../../projections/read-models/executions.ts'
import { selectList } from '../../projections/rows/table.ts'
import { type ReaderDeps, type ReadShard, readAccount } from '../reader.ts'
import { BigText } from '../request/cursor.ts'
import { accountListRoute } from './account-list.ts'
import { oneReply } from './account-read.ts'

// One event is one execution, so its revision orders them and is unique within the account.
const NEWEST_FIRST = {
  name: 'executions-newest-first',
  text: `
    SELECT true AS "found", ${selectList(executionsTable, 'e')} FROM executions e
    WHERE e.account_id = $1 AND e.event_revision < $3::bigint ORDER BY e.event_revision DESC LIMIT $4::integer`,
}

const ONE = {
  name: 'execution-by-id',
  text: `SELECT true AS "found", ${selectList(executionsTable, 'e')} FROM executions e WHERE e.account_id = $1 AND e.exec_id = $3`,
}

/** One execution; `id` is what its execId says after the account. */
export const executionReply = async (_deps: ReaderDeps, shard: ReadShard, accountId: string, id: string): Promise<Reply> =>
  oneReply(await readAccount<ExecutionRow>(shard, accountId, ONE, [`${accountId}.${id}`]), 'no such execution', executionDocument)

/** GET /v1/accounts/:accountId/executions, newest first. */
export const executionsRoute = (deps: ReaderDeps): Route =>
  accountListRoute<ExecutionRow, [string]>(deps, {
    name: 'executions',
    sql: NEWEST_FIRST,
    key: z.tuple([BigText]),
    start: [String(2n ** 62n)],
    keyOf: (row) => [String(row.eventRevision)],
    documents: (rows) => rows.map(executionDocument),
  })

/** A Trade with what it executed, or a TradeCancel that names the trade it reverses and executes nothing. */
const executionDocument = (row: ExecutionRow) => ({
  execId: row.execId,
  orderId: orderIdOf(row.accountId, Number(row.orderNumber)),
  execType: row.execType,
  symbol: row.symbol,
  side: row.side,
  ...(row.execType === 'Trade'
    ? {
        lastQty: formatUnits(row.qty, row.baseDecimals),
        lastPx: formatPrice(averagePrice(row.quote, row.qty, row.baseDecimals, row.quoteDecimals)),
      }
    : {}),
  ...(row.execRefId === null ? {} : { execRefId: row.execRefId }),
  ...(row.busted ? { busted: true } : {}),
  signature: row.signature,
  position: String(row.position),
})
