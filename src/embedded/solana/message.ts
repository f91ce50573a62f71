import {
  AddressLookupTableAccount,
  ComputeBudgetProgram,
  type PublicKey,
  type VersionedMessage,
  VersionedTransaction,
} from '@solana/web3.js'
import bs58 from 'bs58'
import type { TransactionError } from './transaction-error.ts'

/** A transaction as sent, with its accounts resolved. */
export interface SentTransaction {
  readonly wire: Uint8Array
  readonly signature: string
  readonly message: VersionedMessage
  readonly signatures: readonly Uint8Array[]
  /** Static keys, then writable, then readonly keys of lookup tables. */
  readonly keys: readonly PublicKey[]
  readonly loaded: { readonly writable: readonly PublicKey[]; readonly readonly: readonly PublicKey[] }
  /** Micro-lamports per compute unit. */
  readonly price: bigint
}

/** Decodes wire bytes; undefined when they are no transaction. */
export const decodeWire = (wire: Uint8Array): VersionedTransaction | undefined => {
  try {
    const transaction = VersionedTransaction.deserialize(wire)
    return transaction.signatures.length > 0 ? transaction : undefined
  } catch {
    return undefined
  }
}

/** Resolves lookup tables with `tableData`; a table that is missing or broken is an error of the transaction. */
export const resolve = (
  transaction: VersionedTransaction,
  wire: Uint8Array,
  tableData: (table: PublicKey) => Uint8Array | undefined,
): SentTransaction | TransactionError => {
  const { message } = transaction
  const tables: AddressLookupTableAccount[] = []
  for (const lookup of message.addressTableLookups) {
    const data = tableData(lookup.accountKey)
    if (!data) return 'AddressLookupTableNotFound'
    try {
      tables.push(new AddressLookupTableAccount({ key: lookup.accountKey, state: AddressLookupTableAccount.deserialize(data) }))
    } catch {
      return 'InvalidAddressLookupTableData'
    }
  }
  try {
    const accounts = message.getAccountKeys({ addressLookupTableAccounts: tables })
    const loaded = accounts.accountKeysFromLookups ?? { writable: [], readonly: [] }
    return {
      wire,
      signature: bs58.encode(transaction.signatures[0] as Uint8Array),
      message,
      signatures: transaction.signatures,
      keys: [...accounts.staticAccountKeys, ...loaded.writable, ...loaded.readonly],
      loaded,
      price: computeBudget(message).price,
    }
  } catch {
    return 'InvalidAddressLookupTableIndex'
  }
}

export const isResolved = (outcome: SentTransaction | TransactionError): outcome is SentTransaction =>
  typeof outcome === 'object' && 'wire' in outcome

/** Lamports a message costs: 5,000 per signature plus price × compute-unit limit, rounded up as the runtime does. */
export const feeOf = (message: VersionedMessage): number => {
  const { price, limit } = computeBudget(message)
  return message.header.numRequiredSignatures * LAMPORTS_PER_SIGNATURE + Number((price * BigInt(limit) + 999_999n) / 1_000_000n)
}

const LAMPORTS_PER_SIGNATURE = 5_000
const MAX_COMPUTE_UNITS = 1_400_000
const DEFAULT_UNITS = 200_000
/** The runtime allots built-in programs less, because they cannot use more. */
const BUILTIN_UNITS = 3_000
const BUILTINS = new Set([
  '11111111111111111111111111111111',
  'ComputeBudget111111111111111111111111111111',
  'Vote111111111111111111111111111111111111111',
  'BPFLoader1111111111111111111111111111111111',
  'BPFLoader2111111111111111111111111111111111',
  'BPFLoaderUpgradeab1e11111111111111111111111',
])

const computeBudget = (message: VersionedMessage): { price: bigint; limit: number } => {
  let price = 0n
  let limit: number | undefined
  let fallback = 0
  for (const instruction of message.compiledInstructions) {
    const program = message.staticAccountKeys[instruction.programIdIndex]
    if (!program) continue
    fallback += BUILTINS.has(program.toBase58()) ? BUILTIN_UNITS : DEFAULT_UNITS
    if (!program.equals(ComputeBudgetProgram.programId)) continue
    const data = Buffer.from(instruction.data)
    if (data[0] === 2 && data.length >= 5) limit = data.readUInt32LE(1)
    if (data[0] === 3 && data.length >= 9) price = data.readBigUInt64LE(1)
  }
  return { price, limit: Math.min(limit ?? fallback, MAX_COMPUTE_UNITS) }
}
