import {
  type AddressLookupTableAccount,
  ComputeBudgetProgram,
  PublicKey,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js'
import bs58 from 'bs58'
import type { Chain, ChainError, LatestBlockhash } from '../../rpc/chain.ts'
import type { Signer } from '../keystore/signer.ts'
import type { ComputeLimits } from './compute-limits.ts'

/** What a transaction is to do, before it has a blockhash and a compute budget. */
export interface Draft {
  /** Pays all fees and rent; signs first, so its signature names the transaction. */
  readonly payer: Signer
  readonly signers: readonly Signer[]
  readonly instructions: readonly TransactionInstruction[]
  readonly lookupTables: readonly AddressLookupTableAccount[]
  /** Transactions of one shape need about the same compute. */
  readonly shape: string
  /** 0…1023, different for transactions of one account that could be equal otherwise. */
  readonly nonce: number
  /** Lowest slot at which the balances it needs are visible. */
  readonly minSlot: number
}

export type Composed =
  | { readonly kind: 'ready'; readonly transaction: VersionedTransaction; readonly blockhash: LatestBlockhash }
  /** It would fail as things stand. */
  | { readonly kind: 'rejected'; readonly error: string; readonly logs: readonly string[] }
  | { readonly kind: 'unavailable'; readonly detail: string }

export interface SignedTransaction {
  readonly signature: string
  readonly wire: Uint8Array
}

/** Simulates a draft and gives it the compute limit it needs. The result is not signed and was shown to no one. */
export const compose = async (draft: Draft, chain: Chain, limits: ComputeLimits): Promise<Composed> => {
  const latest = await chain.latestBlockhash()
  if (!latest.ok) return unavailable(latest.error)
  const known = limits.get(draft.shape)
  if (known !== undefined) {
    const transaction = compile(draft, latest.value, known)
    const simulated = await chain.simulate(transaction.serialize(), { minSlot: draft.minSlot })
    if (!simulated.ok) return fromError(simulated.error)
    if (simulated.value.error === null) {
      limits.learn(draft.shape, simulated.value.unitsConsumed)
      return { kind: 'ready', transaction, blockhash: latest.value }
    }
    if (!OUT_OF_COMPUTE.test(`${simulated.value.error} ${simulated.value.logs.join(' ')}`)) return rejected(simulated.value)
  }
  const probe = await chain.simulate(compile(draft, latest.value, MAX_COMPUTE_UNITS).serialize(), { minSlot: draft.minSlot })
  if (!probe.ok) return fromError(probe.error)
  if (probe.value.error !== null) return rejected(probe.value)
  const limit = limits.learn(draft.shape, probe.value.unitsConsumed)
  return { kind: 'ready', transaction: compile(draft, latest.value, limit), blockhash: latest.value }
}

/** Puts every signature on the transaction. Its bytes may be sent only once they are in the log. */
export const signAll = async (transaction: VersionedTransaction, signers: readonly Signer[]): Promise<SignedTransaction> => {
  const message = transaction.message.serialize()
  const distinct = new Map(signers.map((signer) => [signer.publicKey, signer]))
  for (const signer of distinct.values()) transaction.addSignature(new PublicKey(signer.publicKey), await signer.sign(message))
  return { signature: bs58.encode(transaction.signatures[0]!), wire: transaction.serialize() }
}

/** The most a transaction may ask for. */
const MAX_COMPUTE_UNITS = 1_400_000
const OUT_OF_COMPUTE = /ComputationalBudgetExceeded|exceeded CUs|ProgramFailedToComplete/

const compile = (draft: Draft, { blockhash }: LatestBlockhash, units: number): VersionedTransaction => {
  const message = new TransactionMessage({
    payerKey: new PublicKey(draft.payer.publicKey),
    recentBlockhash: blockhash,
    instructions: [
      // The limit carries the nonce: two equal orders within one slot must not become one transaction. It costs nothing.
      ComputeBudgetProgram.setComputeUnitLimit({ units: Math.min(units + draft.nonce, MAX_COMPUTE_UNITS) }),
      ...draft.instructions,
    ],
  })
  return new VersionedTransaction(message.compileToV0Message([...draft.lookupTables]))
}

const rejected = ({ error, logs }: { readonly error: string | null; readonly logs: readonly string[] }): Composed => ({
  kind: 'rejected',
  error: error ?? '',
  logs,
})
const unavailable = (error: ChainError): Composed => ({ kind: 'unavailable', detail: error.detail })
/** A node that refuses to simulate tells of the transaction, one that cannot tells of itself. */
const fromError = (error: ChainError): Composed =>
  error.kind === 'refused' ? { kind: 'rejected', error: error.detail, logs: [] } : unavailable(error)
