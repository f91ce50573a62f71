import { type AccountFact, accountProjection, required } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface CorrectionRow {
  readonly accountId: string
  readonly correctionId: string
  readonly asset: string
  readonly decimals: number
  /** Base units, signed. */
  readonly amount: bigint
  readonly reason: string
  readonly status: 'requested' | 'corrected' | 'rejected' | 'expired'
  readonly requestedBy: string
  readonly decidedBy: string | null
  /** Why it was rejected. */
  readonly decision: string | null
  readonly divergenceId: string | null
  readonly expiresAt: bigint
  readonly revision: bigint
  readonly position: bigint
}

export const correctionsTable: Table<CorrectionRow> = {
  name: 'corrections',
  columns: {
    accountId: ['account_id', 'text'],
    correctionId: ['correction_id', 'text'],
    asset: ['asset', 'text'],
    decimals: ['decimals', 'integer'],
    amount: ['amount', 'numeric'],
    reason: ['reason', 'text'],
    status: ['status', 'text'],
    requestedBy: ['requested_by', 'text'],
    decidedBy: ['decided_by', 'text'],
    decision: ['decision', 'text'],
    divergenceId: ['divergence_id', 'text'],
    expiresAt: ['expires_at', 'bigint'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'correctionId'],
  loadBy: ['accountId', 'correctionId'],
}

/** Corrections by hand: who asked, who decided. */
export const corrections = accountProjection({
  table: correctionsTable,
  reads: (fact, want, born) => {
    const correctionId = correctionIdOf(fact)
    if (correctionId === undefined) return
    const look = fact.event.type === 'LedgerCorrectionRequested' ? born : want
    look(correctionsTable, fact.accountId, correctionId)
  },
  apply: ({ accountId, event, revision, position }, rows) => {
    const table = rows.of(correctionsTable)
    const change = (correctionId: string, to: Partial<CorrectionRow>): void => {
      const row = required(table.get(accountId, correctionId), `correction ${correctionId}`)
      table.put({ ...row, ...to, revision, position })
    }
    switch (event.type) {
      case 'LedgerCorrectionRequested': {
        const { correctionId, asset, decimals, amount, reason, by, expiresAt } = event.data
        const undecided = { status: 'requested', decidedBy: null, decision: null, divergenceId: null } as const
        const asked = { asset, decimals, amount: BigInt(amount), reason, requestedBy: by, expiresAt: BigInt(expiresAt) }
        return table.put({ accountId, correctionId, ...asked, ...undecided, revision, position })
      }
      case 'LedgerCorrected': {
        const { correctionId, approvedBy, divergenceId } = event.data
        return change(correctionId, { status: 'corrected', decidedBy: approvedBy, divergenceId })
      }
      case 'LedgerCorrectionRejected': {
        const { correctionId, by, reason, expired } = event.data
        return change(correctionId, { status: expired ? 'expired' : 'rejected', decidedBy: by, decision: reason })
      }
    }
  },
})

/** The correction that an event is about; undefined for other events. */
export const correctionIdOf = ({ event }: AccountFact): string | undefined => {
  switch (event.type) {
    case 'LedgerCorrectionRequested':
    case 'LedgerCorrected':
    case 'LedgerCorrectionRejected':
      return event.data.correctionId
    default:
      return undefined
  }
}
