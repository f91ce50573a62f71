import { accountProjection, required } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface AccountRow {
  readonly accountId: string
  readonly openedAt: bigint
  /** Of the account's last event, whatever it changed. */
  readonly revision: bigint
  readonly position: bigint
}

export const accountsTable: Table<AccountRow> = {
  name: 'accounts',
  columns: {
    accountId: ['account_id', 'text'],
    openedAt: ['opened_at', 'bigint'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId'],
  loadBy: ['accountId'],
}

/** The accounts, each with its newest revision: a gap in the revisions is a lost event and stops the account here. */
export const accounts = accountProjection({
  table: accountsTable,
  reads: ({ accountId, revision }, want, born) => (revision === 0n ? born : want)(accountsTable, accountId),
  apply: ({ accountId, event, revision, position }, rows) => {
    const table = rows.of(accountsTable)
    if (event.type === 'AccountOpened' && revision === 0n) {
      table.put({ accountId, openedAt: BigInt(event.data.at), revision, position })
      return
    }
    const account = required(table.get(accountId), `account ${accountId}`)
    if (revision !== account.revision + 1n) throw new Error(`revision ${revision} came after ${account.revision}: events are missing`)
    table.put({ ...account, revision, position })
  },
})
