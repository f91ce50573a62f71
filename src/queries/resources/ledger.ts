import { z } from 'zod'
import { formatUnits } from '../../platform/decimal.ts'
import type { Route } from '../../platform/http/route.ts'
import { type LedgerEntryRow, ledgerEntriesTable } from '../../projections/read-models/ledger-entries.ts'
import { selectList } from '../../projections/rows/table.ts'
import { decimalsOf } from '../asset-decimals.ts'
import type { ReaderDeps } from '../reader.ts'
import { BigText, Integer } from '../request/cursor.ts'
import type { Shard } from '../shards/shards.ts'
import { accountListRoute } from './account-list.ts'

// A walk down the primary key.
const NEWEST_FIRST = {
  name: 'ledger-newest-first',
  text: `
    SELECT true AS "found", ${selectList(ledgerEntriesTable, 'l')} FROM ledger_entries l
    WHERE l.account_id = $1 AND (l.revision, l.entry) < ($3::bigint, $4::integer)
    ORDER BY l.revision DESC, l.entry DESC LIMIT $5::integer`,
}

/** GET /v1/accounts/:accountId/ledger: the double-entry journal, newest first. */
export const ledgerRoute = (deps: ReaderDeps): Route =>
  accountListRoute<LedgerEntryRow, [string, number]>(deps, {
    name: 'ledger',
    sql: NEWEST_FIRST,
    key: z.tuple([BigText, Integer]),
    start: [String(2n ** 62n), 0],
    keyOf: (row) => [String(row.revision), row.entry],
    documents: (rows, shard) => entryDocuments(deps, shard, rows),
  })

const entryDocuments = async ({ instruments }: ReaderDeps, { pool }: Shard, rows: readonly LedgerEntryRow[]) => {
  const decimals = await decimalsOf(
    instruments,
    pool,
    rows.map((row) => row.asset),
  )
  return rows.map((row) => ({
    entryId: `${row.revision}.${row.entry}`,
    account: row.ledgerAccount,
    kind: row.kind,
    asset: row.asset,
    amount: formatUnits(row.amount, decimals.get(row.asset)!),
    eventType: row.eventType,
    ...(row.ref === null ? {} : { ref: row.ref }),
    at: Number(row.at),
    position: String(row.position),
  }))
}
