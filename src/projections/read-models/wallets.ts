import { accountProjection } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface WalletRow {
  readonly accountId: string
  readonly publicKey: string
  readonly path: string
  readonly revision: bigint
  readonly position: bigint
}

const walletsTable: Table<WalletRow> = {
  name: 'wallets',
  columns: {
    accountId: ['account_id', 'text'],
    publicKey: ['public_key', 'text'],
    path: ['path', 'text'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId'],
  loadBy: ['accountId'],
}

/** The chain address of each account. */
export const wallets = accountProjection({
  table: walletsTable,
  apply: ({ accountId, event, revision, position }, rows) => {
    if (event.type !== 'WalletAssigned') return
    rows.of(walletsTable).put({ accountId, publicKey: event.data.publicKey, path: event.data.path, revision, position })
  },
})
