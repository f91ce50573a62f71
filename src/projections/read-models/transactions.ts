import { accountProjection, required } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface TransactionRow {
  readonly accountId: string
  /** The order number or `d-<depositId>`. */
  readonly ref: string
  readonly attempt: number
  readonly purpose: string
  readonly signature: string
  readonly status: 'open' | 'landed' | 'failed' | 'expired' | 'unknown'
  readonly generation: number
  readonly slot: bigint | null
  /** Lamports: base and priority fee together, the bid part of it, tip and rent. */
  readonly fee: bigint
  readonly priorityFee: bigint
  readonly tip: bigint
  readonly rent: bigint
  readonly error: string | null
  readonly final: boolean
  readonly lastValidBlockHeight: bigint
  readonly signedAt: bigint
  readonly revision: bigint
  readonly position: bigint
}

const transactionsTable: Table<TransactionRow> = {
  name: 'transactions',
  columns: {
    accountId: ['account_id', 'text'],
    ref: ['ref', 'text'],
    attempt: ['attempt', 'integer'],
    purpose: ['purpose', 'text'],
    signature: ['signature', 'text'],
    status: ['status', 'text'],
    generation: ['generation', 'integer'],
    slot: ['slot', 'bigint'],
    fee: ['fee', 'numeric'],
    priorityFee: ['priority_fee', 'numeric'],
    tip: ['tip', 'numeric'],
    rent: ['rent', 'numeric'],
    error: ['error', 'text'],
    final: ['final', 'boolean'],
    lastValidBlockHeight: ['last_valid_block_height', 'bigint'],
    signedAt: ['signed_at', 'bigint'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'ref', 'attempt'],
  loadBy: ['accountId', 'ref', 'attempt'],
}

/** Every attempt on the chain. The signed bytes are not kept here: they are evidence, and stay in the log. */
export const transactions = accountProjection({
  table: transactionsTable,
  reads: ({ accountId, event }, want, born) => {
    switch (event.type) {
      case 'TransactionSigned':
        return born(transactionsTable, accountId, event.data.ref, event.data.attempt)
      case 'TransactionLanded':
      case 'TransactionLandedLate':
      case 'TransactionFailed':
      case 'TransactionExpired':
      case 'TransactionOutcomeUnknown':
      case 'TransactionVanished':
        return want(transactionsTable, accountId, event.data.ref, event.data.attempt)
      case 'TransactionsFinalized':
        for (const { ref, attempt } of event.data.transactions) want(transactionsTable, accountId, ref, attempt)
    }
  },
  apply: ({ accountId, event, revision, position }, rows) => {
    const table = rows.of(transactionsTable)
    const at = { revision, position }
    const change = ({ ref, attempt }: { ref: string; attempt: number }, change: Partial<TransactionRow>): void =>
      table.put({ ...required(table.get(accountId, ref, attempt), `transaction ${ref}.${attempt}`), ...change, ...at })
    switch (event.type) {
      case 'TransactionSigned': {
        const { ref, attempt, purpose, signature, lastValidBlockHeight, at: signedAt } = event.data
        const signed = {
          accountId,
          ref,
          attempt,
          purpose,
          signature,
          status: 'open',
          generation: 0,
          slot: null,
          ...NO_COSTS,
        } as const
        const validity = { lastValidBlockHeight: BigInt(lastValidBlockHeight), signedAt: BigInt(signedAt) }
        return table.put({ ...signed, ...validity, error: null, final: false, ...at })
      }
      case 'TransactionLanded':
      case 'TransactionLandedLate': {
        const { generation, slot, fee, priorityFee, tip, rent } = event.data
        const costs = { fee: BigInt(fee), priorityFee: BigInt(priorityFee), tip: BigInt(tip), rent: BigInt(rent) }
        return change(event.data, { status: 'landed', generation, slot: BigInt(slot), ...costs })
      }
      case 'TransactionFailed': {
        const { generation, slot, fee, priorityFee, error } = event.data
        const costs = { ...NO_COSTS, fee: BigInt(fee), priorityFee: BigInt(priorityFee) }
        return change(event.data, { status: 'failed', generation, slot: BigInt(slot), ...costs, error })
      }
      case 'TransactionExpired':
        return change(event.data, { status: 'expired' })
      case 'TransactionOutcomeUnknown':
        return change(event.data, { status: 'unknown' })
      case 'TransactionVanished':
        return change(event.data, { status: 'open', ...NO_COSTS })
      case 'TransactionsFinalized':
        for (const attempt of event.data.transactions) change(attempt, { final: true })
    }
  },
})

const NO_COSTS = { fee: 0n, priorityFee: 0n, tip: 0n, rent: 0n } as const
