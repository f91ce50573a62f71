import { accountProjection, required } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface DivergenceRow {
  readonly accountId: string
  readonly divergenceId: string
  readonly asset: string
  readonly state: 'open' | 'resolved'
  /** Base units, when it was found. */
  readonly ledger: bigint
  readonly chain: bigint
  readonly slot: bigint
  readonly foundAt: bigint
  readonly foundPosition: bigint
  readonly resolution: 'equal' | 'changed' | null
  readonly resolvedAt: bigint | null
  readonly resolvedPosition: bigint | null
  readonly revision: bigint
  readonly position: bigint
}

export const divergencesTable: Table<DivergenceRow> = {
  name: 'divergences',
  columns: {
    accountId: ['account_id', 'text'],
    divergenceId: ['divergence_id', 'text'],
    asset: ['asset', 'text'],
    state: ['state', 'text'],
    ledger: ['ledger', 'numeric'],
    chain: ['chain', 'numeric'],
    slot: ['slot', 'bigint'],
    foundAt: ['found_at', 'bigint'],
    foundPosition: ['found_position', 'bigint'],
    resolution: ['resolution', 'text'],
    resolvedAt: ['resolved_at', 'bigint'],
    resolvedPosition: ['resolved_position', 'bigint'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'divergenceId'],
  loadBy: ['accountId', 'divergenceId'],
}

/** Where ledger and chain differ, and where they did. */
export const divergences = accountProjection({
  table: divergencesTable,
  reads: ({ accountId, event }, want, born) => {
    if (event.type === 'LedgerDivergenceFound') born(divergencesTable, accountId, event.data.divergenceId)
    if (event.type === 'LedgerDivergenceResolved') want(divergencesTable, accountId, event.data.divergenceId)
  },
  apply: ({ accountId, event, revision, position }, rows) => {
    const table = rows.of(divergencesTable)
    if (event.type === 'LedgerDivergenceFound') {
      const { divergenceId, asset, ledger, chain, slot, at } = event.data
      const found = { ledger: BigInt(ledger), chain: BigInt(chain), slot: BigInt(slot), foundAt: BigInt(at), foundPosition: position }
      const open = { state: 'open', resolution: null, resolvedAt: null, resolvedPosition: null } as const
      table.put({ accountId, divergenceId, asset, ...found, ...open, revision, position })
    } else if (event.type === 'LedgerDivergenceResolved') {
      const { divergenceId, resolution, at } = event.data
      const row = required(table.get(accountId, divergenceId), `divergence ${divergenceId}`)
      table.put({ ...row, state: 'resolved', resolution, resolvedAt: BigInt(at), resolvedPosition: position, revision, position })
    }
  },
})
