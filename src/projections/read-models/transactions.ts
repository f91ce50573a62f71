import type { DataOf } from '../../events/account/account-event.ts'
import { type AccountFact, accountProjection, required } from '../projection.ts'
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
    const look = event.type === 'TransactionSigned' ? born : want
    for (const { ref, attempt } of attemptsOf(event)) look(transactionsTable, accountId, ref, attempt)
  },
  apply: (fact, rows) => {
    const { accountId, event, revision, position } = fact
    const table = rows.of(transactionsTable)
    for (const { ref, attempt } of attemptsOf(event))
      table.put({ ...next(table.get(accountId, ref, attempt), ref, attempt, fact), revision, position })
  },
})

interface Attempt {
  readonly ref: string
  readonly attempt: number
}

/** The attempts that an event is about. */
const attemptsOf = (event: AccountFact['event']): readonly Attempt[] => {
  switch (event.type) {
    case 'TransactionSigned':
    case 'TransactionLanded':
    case 'TransactionLandedLate':
    case 'TransactionFailed':
    case 'TransactionExpired':
    case 'TransactionOutcomeUnknown':
    case 'TransactionVanished':
      return [event.data]
    case 'TransactionsFinalized':
      return event.data.transactions
    default:
      return NONE
  }
}

const NONE: readonly Attempt[] = []

type Facts = Omit<TransactionRow, 'revision' | 'position'>

const next = (before: TransactionRow | undefined, ref: string, attempt: number, { event, accountId }: AccountFact): Facts => {
  if (event.type === 'TransactionSigned') return signed(accountId, event.data)
  const row = required(before, `transaction ${ref}.${attempt}`)
  switch (event.type) {
    case 'TransactionLanded':
    case 'TransactionLandedLate':
      return shown(row, 'landed', event.data, BigInt(event.data.tip), BigInt(event.data.rent), row.error)
    case 'TransactionFailed':
      return shown(row, 'failed', event.data, 0n, 0n, event.data.error)
    case 'TransactionExpired':
      return { ...row, status: 'expired' }
    case 'TransactionOutcomeUnknown':
      return { ...row, status: 'unknown' }
    case 'TransactionVanished':
      return { ...row, status: 'open', fee: 0n, priorityFee: 0n, tip: 0n, rent: 0n }
    case 'TransactionsFinalized':
      return { ...row, final: true }
    default:
      return row
  }
}

// spelled out, as all rows of every trade are: a second object spread into a literal takes longer than the rest of it
const signed = (accountId: string, data: DataOf<'TransactionSigned'>): Facts => ({
  accountId,
  ref: data.ref,
  attempt: data.attempt,
  purpose: data.purpose,
  signature: data.signature,
  status: 'open',
  generation: 0,
  slot: null,
  fee: 0n,
  priorityFee: 0n,
  tip: 0n,
  rent: 0n,
  error: null,
  final: false,
  lastValidBlockHeight: BigInt(data.lastValidBlockHeight),
  signedAt: BigInt(data.at),
})

type Shown = Pick<DataOf<'TransactionFailed'>, 'generation' | 'slot' | 'fee' | 'priorityFee'>

/** As the chain shows it: landed or failed, and what it cost. */
const shown = (
  row: TransactionRow,
  status: 'landed' | 'failed',
  { generation, slot, fee, priorityFee }: Shown,
  tip: bigint,
  rent: bigint,
  error: string | null,
): Facts => ({ ...row, status, generation, slot: BigInt(slot), fee: BigInt(fee), priorityFee: BigInt(priorityFee), tip, rent, error })
