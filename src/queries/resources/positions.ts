import { z } from 'zod'
import { averagePrice, formatPrice, formatUnits } from '../../platform/decimal.ts'
import type { Reply, Route } from '../../platform/http/route.ts'
import { type PositionRow, positionsTable } from '../../projections/read-models/positions.ts'
import { selectList } from '../../projections/rows/table.ts'
import { type ReaderDeps, type ReadShard, readAccount } from '../reader.ts'
import { accountListRoute } from './account-list.ts'
import { oneReply } from './account-read.ts'

const BY_SYMBOL = {
  name: 'positions-by-symbol',
  text: `
    SELECT true AS "found", ${selectList(positionsTable, 'p')} FROM positions p
    WHERE p.account_id = $1 AND p.symbol > $3 ORDER BY p.symbol LIMIT $4::integer`,
}

const ONE = {
  name: 'position-of-symbol',
  text: `SELECT true AS "found", ${selectList(positionsTable, 'p')} FROM positions p WHERE p.account_id = $1 AND p.symbol = $3`,
}

/** The position in a symbol. */
export const positionReply = async (_deps: ReaderDeps, shard: ReadShard, accountId: string, symbol: string): Promise<Reply> =>
  oneReply(await readAccount<PositionRow>(shard, accountId, ONE, [symbol]), 'no such position', positionDocument)

/** GET /v1/accounts/:accountId/positions, by symbol. */
export const positionsRoute = (deps: ReaderDeps): Route =>
  accountListRoute<PositionRow, [string]>(deps, {
    name: 'positions',
    sql: BY_SYMBOL,
    key: z.tuple([z.string()]),
    start: [''],
    keyOf: (row) => [row.symbol],
    documents: (rows) => rows.map(positionDocument),
  })

/** qty is signed; avgPx is what the open quantity cost on average, zero when flat. */
export const positionDocument = ({
  symbol,
  qty,
  cost,
  realized,
  baseDecimals,
  quoteDecimals,
}: Omit<PositionRow, 'accountId' | 'revision' | 'position'>) => ({
  symbol,
  qty: formatUnits(qty, baseDecimals),
  // a short has negative quantity and cost: their quotient is positive all the same
  avgPx: formatPrice(
    qty < 0n ? averagePrice(-cost, -qty, baseDecimals, quoteDecimals) : averagePrice(cost, qty, baseDecimals, quoteDecimals),
  ),
  realizedPnl: formatUnits(realized, quoteDecimals),
})
