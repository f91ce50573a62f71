import type { AccountEvent } from '../../events/account/account-event.ts'
import { postingsOf } from '../../events/postings.ts'
import { accountProjection } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface BalanceRow {
  readonly accountId: string
  readonly asset: string
  /** Base units; settled = available + reserved. */
  readonly available: bigint
  readonly reserved: bigint
  readonly revision: bigint
  readonly position: bigint
}

export const balancesTable: Table<BalanceRow> = {
  name: 'balances',
  columns: {
    accountId: ['account_id', 'text'],
    asset: ['asset', 'text'],
    available: ['available', 'numeric'],
    reserved: ['reserved', 'numeric'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'asset'],
  // all assets of an account at once: the cached document shows them together
  loadBy: ['accountId'],
}

/** What an account owns and what of it is reserved: the running sum of its own postings. */
export const balances = accountProjection({
  table: balancesTable,
  reads: ({ accountId, event, revision }, want, born) => {
    if (revision === 0n) born(balancesTable, accountId)
    else if (postingsOf(event as AccountEvent).length > 0) want(balancesTable, accountId)
  },
  apply: ({ accountId, event, revision, position }, rows) => {
    const table = rows.of(balancesTable)
    for (const { account, asset, amount } of postingsOf(event as AccountEvent)) {
      if (account !== 'available' && account !== 'reserved') continue
      const before = table.get(accountId, asset) ?? { accountId, asset, available: 0n, reserved: 0n }
      table.put({ ...before, [account]: before[account] + amount, revision, position })
    }
  },
})
