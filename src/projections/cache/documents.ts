import { orderDocument } from '../../events/order-document.ts'
import { orderIdOf } from '../../events/streams.ts'
import { balancesKey, orderKey } from '../document-keys.ts'
import type { CachedDocument } from '../feed.ts'
import { accountsTable } from '../read-models/accounts.ts'
import { type BalanceRow, balancesTable } from '../read-models/balances.ts'
import { type OrderRow, ordersTable, rareFactsOf } from '../read-models/orders.ts'
import type { RowSets } from '../rows/rows.ts'

/** One asset of a cached balances document: [asset, available, reserved, provisional] in base units; readers format by the asset's decimals. */
export type CachedBalance = readonly [asset: string, available: string, reserved: string, provisional: string]

/** The documents that a batch changed, whole: the batch has loaded all rows that they are made of. */
export const changedDocuments = (rows: Pick<RowSets, 'of'>): readonly CachedDocument[] => {
  const changed = new Set(
    rows
      .of(balancesTable)
      .changed()
      .map((row) => row.accountId),
  )
  const documents: CachedDocument[] = []
  for (const accountId of changed) {
    const list = rows.of(balancesTable).group(accountId)
    // the account's revision, not the rows': they only tell when a balance last changed
    const revision = rows.of(accountsTable).get(accountId)?.revision
    if (revision !== undefined) documents.push({ key: balancesKey(accountId), revision, json: JSON.stringify(cachedBalances(list)) })
  }
  for (const row of rows.of(ordersTable).changed()) {
    const key = orderKey(orderIdOf(row.accountId, Number(row.number)))
    documents.push({ key, revision: row.revision, json: JSON.stringify(orderOf(row)) })
  }
  return documents
}

/** The balances of one account by asset. */
export const cachedBalances = (
  rows: readonly Pick<BalanceRow, 'asset' | 'available' | 'reserved' | 'provisional'>[],
): readonly CachedBalance[] =>
  rows
    .map(({ asset, available, reserved, provisional }): CachedBalance => [asset, String(available), String(reserved), String(provisional)])
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** The order's document from its row. */
export const orderOf = (row: OrderRow) =>
  orderDocument({ ...row, ...rareFactsOf(row), orderId: orderIdOf(row.accountId, Number(row.number)), position: String(row.position) })
