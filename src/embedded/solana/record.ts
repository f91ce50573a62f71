import bs58 from 'bs58'
import type { AccountState } from './svm.ts'
import type { TransactionError } from './transaction-error.ts'

/** What the log keeps. Every record carries the account states it left, so that a restart applies states and runs nothing again. */
export type LedgerRecord = GenesisRecord | AccountsRecord | TransactionRecord

export interface GenesisRecord extends Changes {
  readonly kind: 'genesis'
  readonly slot: number
  /** Unix seconds. */
  readonly time: number
  readonly genesisHash: string
  readonly faucet: string
}

/** A direct change of accounts by an operator of the local chain. */
export interface AccountsRecord extends Changes {
  readonly kind: 'accounts'
  readonly slot: number
  readonly time: number
  readonly reason: string
}

export interface TransactionRecord extends Changes {
  readonly kind: 'transaction'
  readonly slot: number
  readonly time: number
  readonly signature: string
  readonly error: TransactionError | null
  /** All accounts of the transaction, those of lookup tables included, in message order. */
  readonly keys: readonly string[]
  readonly wire: Uint8Array
  /** The RPC's `meta` object. */
  readonly meta: unknown
}

interface Changes {
  /** The new state by base58 address; undefined = the account is gone. */
  readonly changes: ReadonlyMap<string, AccountState | undefined>
}

/** Where the parts of a stored transaction that are read on demand lie in the log. */
export interface StoredParts {
  readonly wireAt: number
  readonly wireLength: number
  readonly metaLength: number
}

/** [head length u32] head JSON · wire · meta JSON · account data */
export const encodeRecord = (record: LedgerRecord): Buffer => {
  const { changes, ...rest } = record
  const wire = record.kind === 'transaction' ? Buffer.from(record.wire) : EMPTY
  const meta = record.kind === 'transaction' ? Buffer.from(JSON.stringify(record.meta)) : EMPTY
  const states = [...changes].map(([key, state]) =>
    state ? [key, String(state.lamports), bs58.encode(state.owner), state.executable ? 1 : 0, state.data.length] : [key],
  )
  const head = Buffer.from(JSON.stringify({ ...rest, wire: wire.length, meta: meta.length, states }))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(head.length)
  return Buffer.concat([size, head, wire, meta, ...[...changes.values()].flatMap((state) => (state ? [Buffer.from(state.data)] : []))])
}

/** Reads a record; `wire` and `meta` of a transaction stay in the log, their place is in `parts`. */
export const decodeRecord = (
  bytes: Buffer,
  offset: number,
): { record: GenesisRecord | AccountsRecord | Omit<TransactionRecord, 'wire' | 'meta'>; parts: StoredParts } => {
  const headLength = bytes.readUInt32LE(0)
  const { wire, meta, states, ...rest } = JSON.parse(bytes.toString('utf8', 4, 4 + headLength)) as StoredHead
  const wireAt = 4 + headLength
  let at = wireAt + wire + meta
  const changes = new Map<string, AccountState | undefined>()
  for (const [key, lamports, owner, executable, length] of states) {
    if (lamports === undefined) {
      changes.set(key, undefined)
      continue
    }
    // A copy: a view would keep the whole frame alive for as long as the account state lives.
    const data = Uint8Array.prototype.slice.call(bytes, at, at + length)
    changes.set(key, { lamports: BigInt(lamports), owner: bs58.decode(owner), executable: executable === 1, data })
    at += length
  }
  return { record: { ...rest, changes }, parts: { wireAt: offset + wireAt, wireLength: wire, metaLength: meta } }
}

type StoredState = [key: string, lamports: string, owner: string, executable: number, length: number]
type Stored<R> = Omit<R, 'changes' | 'wire' | 'meta'> & { wire: number; meta: number; states: StoredState[] }
type StoredHead = Stored<GenesisRecord> | Stored<AccountsRecord> | Stored<TransactionRecord>

const EMPTY = Buffer.alloc(0)
