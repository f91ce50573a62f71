import { accountProjection, required } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface DepositRow {
  readonly accountId: string
  readonly depositId: string
  readonly asset: string
  /** Base units asked for; null for a transfer that came unrequested. */
  readonly requested: bigint | null
  readonly credited: bigint
  readonly status: 'requested' | 'credited' | 'failed' | 'reversed'
  readonly signature: string | null
  readonly reason: string | null
  readonly revision: bigint
  readonly position: bigint
}

export const depositsTable: Table<DepositRow> = {
  name: 'deposits',
  columns: {
    accountId: ['account_id', 'text'],
    depositId: ['deposit_id', 'text'],
    asset: ['asset', 'text'],
    requested: ['requested', 'numeric'],
    credited: ['credited', 'numeric'],
    status: ['status', 'text'],
    signature: ['signature', 'text'],
    reason: ['reason', 'text'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'depositId'],
  loadBy: ['accountId', 'depositId'],
}

/** Deposits from request to credit, failure or reversal. */
export const deposits = accountProjection({
  table: depositsTable,
  reads: ({ accountId, event }, want, born) => {
    if (event.type === 'FundsDepositRequested') born(depositsTable, accountId, event.data.depositId)
    else if (event.type === 'FundsCredited' || event.type === 'FundsDepositFailed' || event.type === 'FundsDepositReversed')
      want(depositsTable, accountId, event.data.depositId)
  },
  apply: ({ accountId, event, revision, position }, rows) => {
    const table = rows.of(depositsTable)
    const at = { revision, position }
    switch (event.type) {
      case 'FundsDepositRequested': {
        const { depositId, asset, amount } = event.data
        const asked = { requested: BigInt(amount), credited: 0n, status: 'requested', signature: null, reason: null } as const
        return table.put({ accountId, depositId, asset, ...asked, ...at })
      }
      case 'FundsArrived': {
        const { depositId, asset, amount, signature } = event.data
        const came = { requested: BigInt(amount), credited: 0n, status: 'requested', signature, reason: null } as const
        return table.put({ accountId, depositId, asset, ...came, ...at })
      }
      case 'FundsCredited': {
        const { depositId, asset, amount, signature } = event.data
        const before = table.get(accountId, depositId) ?? { accountId, depositId, asset, requested: null, credited: 0n, reason: null }
        return table.put({ ...before, credited: before.credited + BigInt(amount), status: 'credited', signature, ...at })
      }
      case 'FundsDepositFailed': {
        const { depositId, reason } = event.data
        return table.put({ ...required(table.get(accountId, depositId), `deposit ${depositId}`), status: 'failed', reason, ...at })
      }
      case 'FundsDepositReversed': {
        const { depositId, amount } = event.data
        const before = required(table.get(accountId, depositId), `deposit ${depositId}`)
        return table.put({ ...before, credited: before.credited - BigInt(amount), status: 'reversed', ...at })
      }
    }
  },
})
