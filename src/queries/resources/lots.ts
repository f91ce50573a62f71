import { z } from 'zod'
import { formatUnits } from '../../platform/decimal.ts'
import type { Route } from '../../platform/http/route.ts'
import { openPart } from '../../projections/read-models/fifo.ts'
import { type LotRow, lotsTable } from '../../projections/read-models/lots.ts'
import { selectList } from '../../projections/rows/table.ts'
import { type Decimals, holdingDocument } from '../marks.ts'
import type { ReaderDeps } from '../reader.ts'
import { Integer, NumericText } from '../request/cursor.ts'
import { accountListRoute } from './account-list.ts'

type OpenLot = LotRow & Decimals & { readonly closed: bigint }

// From each symbol's mark on along the index of its run: rows that are closed are never touched. $3 symbol, $4 run and $5 quantity of the last
// lot shown; a run that has ended since begins anew.
const OPEN = {
  name: 'lots-open',
  text: `
    SELECT true AS "found", q.closed AS "closed", q.base_decimals AS "baseDecimals", q.quote_decimals AS "quoteDecimals", lot.*
    FROM lot_queues q CROSS JOIN LATERAL (
      SELECT ${selectList(lotsTable, 'l')} FROM lots l
      WHERE l.account_id = q.account_id AND l.symbol = q.symbol AND l.run = q.run
        AND l.up_to > greatest(q.closed, CASE WHEN q.symbol = $3 AND q.run = $4::integer THEN $5::numeric ELSE 0 END)
      ORDER BY l.up_to LIMIT $6::integer
    ) lot
    WHERE q.account_id = $1 AND q.symbol >= $3 AND q.closed < q.opened
    ORDER BY q.symbol, lot."upTo" LIMIT $6::integer`,
}

/** GET /v1/accounts/:accountId/lots: what is open, first in first out: by symbol, the oldest first. */
export const lotsRoute = (deps: ReaderDeps): Route =>
  accountListRoute<OpenLot, [string, number, string]>(deps, {
    name: 'lots',
    sql: OPEN,
    key: z.tuple([z.string(), Integer, NumericText]),
    start: ['', -1, '0'],
    keyOf: (row) => [row.symbol, row.run, String(row.upTo)],
    documents: (rows) => rows.flatMap(lotDocument),
  })

const lotDocument = (row: OpenLot) => {
  const part = openPart({ run: row.run, closed: row.closed }, row)
  if (!part) return []
  const sign = row.side === 'buy' ? 1n : -1n
  return [
    {
      lotId: row.execId,
      symbol: row.symbol,
      openedQty: formatUnits(sign * row.qty, row.baseDecimals),
      ...holdingDocument(sign * part.qty, sign * part.quote, row),
      openedAt: Number(row.openedAt),
      position: String(row.position),
    },
  ]
}
