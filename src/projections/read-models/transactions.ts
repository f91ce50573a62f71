import { type AccountFact, accountProjection, required } from '../projection.ts'
import type { RowSets } from '../rows/rows.ts'
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
  apply: (fact, rows) => {
    const { accountId, event, revision, position } = fact
    switch (event.type) {
      case 'TransactionSigned': {
        const { ref, attempt, purpose, signature, lastValidBlockHeight, at } = event.data
        // spelled out, as all rows of every trade are: a second object spread into a literal takes longer than the rest of it
        return rows.of(transactionsTable).put({
          accountId,
          ref,
          attempt,
          purpose,
          signature,
          status: 'open',
          generation: 0,
          slot: null,
          fee: 0n,
          priorityFee: 0n,
          tip: 0n,
          rent: 0n,
          error: null,
          final: false,
          lastValidBlockHeight: BigInt(lastValidBlockHeight),
          signedAt: BigInt(at),
          revision,
          position,
        })
      }
      case 'TransactionLanded':
      case 'TransactionLandedLate': {
        const { generation, slot, fee, priorityFee, tip, rent } = event.data
        return rows.of(transactionsTable).put({
          ...attemptOf(fact, rows, event.data),
          status: 'landed',
          generation,
          slot: BigInt(slot),
          fee: BigInt(fee),
          priorityFee: BigInt(priorityFee),
          tip: BigInt(tip),
          rent: BigInt(rent),
          revision,
          position,
        })
      }
      case 'TransactionFailed': {
        const { generation, slot, fee, priorityFee, error } = event.data
        return rows.of(transactionsTable).put({
          ...attemptOf(fact, rows, event.data),
          status: 'failed',
          generation,
          slot: BigInt(slot),
          fee: BigInt(fee),
          priorityFee: BigInt(priorityFee),
          tip: 0n,
          rent: 0n,
          error,
          revision,
          position,
        })
      }
      case 'TransactionExpired':
        return rows.of(transactionsTable).put({ ...attemptOf(fact, rows, event.data), status: 'expired', revision, position })
      case 'TransactionOutcomeUnknown':
        return rows.of(transactionsTable).put({ ...attemptOf(fact, rows, event.data), status: 'unknown', revision, position })
      case 'TransactionVanished':
        return rows
          .of(transactionsTable)
          .put({ ...attemptOf(fact, rows, event.data), status: 'open', fee: 0n, priorityFee: 0n, tip: 0n, rent: 0n, revision, position })
      case 'TransactionsFinalized':
        for (const one of event.data.transactions)
          rows.of(transactionsTable).put({ ...attemptOf(fact, rows, one), final: true, revision, position })
    }
  },
})

const attemptOf = ({ accountId }: AccountFact, rows: RowSets, { ref, attempt }: { ref: string; attempt: number }): TransactionRow =>
  required(rows.of(transactionsTable).get(accountId, ref, attempt), `transaction ${ref}.${attempt}`)
