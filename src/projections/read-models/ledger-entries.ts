import type { AccountEvent } from '../../events/account/account-event.ts'
import { postingsOf } from '../../events/postings.ts'
import { accountProjection } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface LedgerEntryRow {
  readonly accountId: string
  readonly revision: bigint
  /** Place among the postings of the event, from 0. */
  readonly entry: number
  readonly ledgerAccount: string
  /** What it is for: trade, reservation, base_fee, tip … */
  readonly kind: string
  readonly asset: string
  /** Base units, signed; the entries of an event add up to zero for each asset. */
  readonly amount: bigint
  readonly eventType: string
  /** The order, deposit or transaction attempt it belongs to. */
  readonly ref: string | null
  readonly at: bigint
  readonly position: bigint
}

export const ledgerEntriesTable: Table<LedgerEntryRow> = {
  name: 'ledger_entries',
  columns: {
    accountId: ['account_id', 'text'],
    revision: ['revision', 'bigint'],
    entry: ['entry', 'integer'],
    ledgerAccount: ['ledger_account', 'text'],
    kind: ['kind', 'text'],
    asset: ['asset', 'text'],
    amount: ['amount', 'numeric'],
    eventType: ['event_type', 'text'],
    ref: ['ref', 'text'],
    at: ['at', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'revision', 'entry'],
  loadBy: ['accountId', 'revision', 'entry'],
}

/** The double-entry journal: every posting of every event, never changed again. */
export const ledgerEntries = accountProjection({
  table: ledgerEntriesTable,
  apply: ({ accountId, event, revision, position }, rows) => {
    const table = rows.of(ledgerEntriesTable)
    const account = event as AccountEvent
    postingsOf(account).forEach(({ account: ledgerAccount, kind, asset, amount }, entry) => {
      const { type: eventType, data } = account
      table.put({
        accountId,
        revision,
        entry,
        ledgerAccount,
        kind,
        asset,
        amount,
        eventType,
        ref: refOf(data),
        at: BigInt(data.at),
        position,
      })
    })
  },
})

const refOf = (data: AccountEvent['data']): string | null => {
  if ('orderId' in data) return data.orderId
  if ('depositId' in data) return data.depositId
  if ('withdrawalId' in data) return data.withdrawalId
  if ('transferId' in data) return data.transferId
  if ('correctionId' in data) return data.correctionId
  return 'ref' in data ? `${data.ref}.${data.attempt}` : null
}
