import {
  type AddressLookupTableAccount,
  ComputeBudgetProgram,
  PublicKey,
  SystemProgram,
  type TransactionInstruction,
  VersionedTransaction,
} from '@solana/web3.js'
import bs58 from 'bs58'
import type { DurableNonce } from '../../events/account/transaction-events.ts'
import type { Chain, ChainError, LatestBlockhash, Simulation } from '../../rpc/chain.ts'
import { compileMessage } from '../../rpc/compile-message.ts'
import type { FeePolicy } from '../../rpc/fees/fee-policy.ts'
import { messageBytes } from '../../rpc/message-bytes.ts'
import type { Sender, Tip } from '../../rpc/send/sender.ts'
import type { Cosigner } from '../../rpc/venue/venue.ts'
import type { ComputeLimits } from './compute-limits.ts'
import { type Expectation, unexpectedIn } from './expected-changes.ts'

/** What a transaction is to do, before it has a blockhash and a compute budget. */
export interface Draft {
  /** Pays all fees and rent; signs first, so its signature names the transaction. */
  readonly payer: Cosigner
  /** A compute-unit price among them is not used: bidding is ours. */
  readonly instructions: readonly TransactionInstruction[]
  readonly lookupTables: readonly AddressLookupTableAccount[]
  /** Transactions of one shape need about the same compute. */
  readonly shape: string
  /** 0…1023, different for transactions of one account that could be equal otherwise. */
  readonly nonce: number
  /** Lowest slot at which the balances it needs are visible. */
  readonly minSlot: number
  /** Somebody else built it: it is simulated each time and signed only if it does this and nothing besides. */
  readonly expect?: Expectation
  /** Its last attempt failed: look before it costs another fee. */
  readonly doubtful?: boolean
  /** Lives by this nonce instead of a blockhash. */
  readonly durable?: DurableUse | undefined
}

/** A nonce account's value, and the finalised slot it was read at. */
export interface DurableUse {
  readonly nonce: DurableNonce
  readonly slot: number
}

/** The part of a draft that its simulation is held against. */
export type Examined = Pick<Draft, 'expect' | 'minSlot' | 'lookupTables'>

export type Composed =
  | {
      readonly kind: 'ready'
      readonly transaction: VersionedTransaction
      /** Of its own, or of the moment where it lives by a nonce. */
      readonly blockhash: LatestBlockhash
      readonly nonce?: DurableNonce | undefined
    }
  /** It would fail, or do what it should not, as things stand. */
  | { readonly kind: 'rejected'; readonly error: string; readonly logs: readonly string[] }
  | { readonly kind: 'unavailable'; readonly detail: string }

export interface SignedTransaction {
  readonly signature: string
  readonly wire: Uint8Array
}

export interface Composing {
  readonly chain: Chain
  readonly limits: ComputeLimits
  readonly fees: FeePolicy
  readonly sender: Sender
}

/** Error of a simulation that moved what it should not have. */
const UNEXPECTED = 'unexpected:'

/**
 * Gives a draft its blockhash, price, tip and compute limit. Our own transactions are simulated once per shape, a venue's each time:
 * what it would change is looked at before anything is signed. The result is not signed and was shown to no one.
 */
export const compose = async (draft: Draft, { chain, limits, fees, sender }: Composing): Promise<Composed> => {
  const [latest, price, tip] = await Promise.all([chain.latestBlockhash(), fees.price(writableIn(draft)), sender.tip?.()])
  if (!latest.ok) return unavailable(latest.error)
  const compileFor = (units: number) => compile(draft, { latest: latest.value, units, price, tip })
  const ready = (transaction: VersionedTransaction): Composed => {
    const slot = Math.max(latest.value.slot, draft.durable?.slot ?? 0)
    return { kind: 'ready', transaction, blockhash: { ...latest.value, slot }, nonce: draft.durable?.nonce }
  }
  const known = limits.get(draft.shape)
  if (known !== undefined) {
    const transaction = compileFor(known)
    if (!draft.expect && draft.doubtful !== true) return ready(transaction)
    const seen = await examine(draft, transaction, chain)
    if (!('unitsConsumed' in seen)) return seen
    if (seen.error === null) {
      limits.learn(draft.shape, seen.unitsConsumed)
      return ready(transaction)
    }
    if (!OUT_OF_COMPUTE.test(`${seen.error} ${seen.logs.join(' ')}`)) return { kind: 'rejected', error: seen.error, logs: seen.logs }
  }
  const probe = await examine(draft, compileFor(MAX_COMPUTE_UNITS), chain)
  if (!('unitsConsumed' in probe)) return probe
  if (probe.error !== null) return { kind: 'rejected', error: probe.error, logs: probe.logs }
  return ready(compileFor(limits.learn(draft.shape, probe.unitsConsumed)))
}

/** Puts every signature on the transaction. Its bytes may be sent only once they are in the log. */
export const signAll = async (transaction: VersionedTransaction, signers: readonly Cosigner[]): Promise<SignedTransaction> => {
  const message = messageBytes(transaction.message)
  const distinct = new Map(signers.map((signer) => [signer.publicKey, signer]))
  for (const signer of distinct.values()) transaction.addSignature(new PublicKey(signer.publicKey), await signer.sign(message))
  const { signatures } = transaction
  // As `transaction.serialize()` writes it, which would write the whole message a second time. A message has room for far fewer than 128 signers.
  const wire = Buffer.concat([Uint8Array.of(signatures.length), ...signatures, message])
  return { signature: bs58.encode(signatures[0]!), wire }
}

/** The most a transaction may ask for. */
const MAX_COMPUTE_UNITS = 1_400_000
const OUT_OF_COMPUTE = /ComputationalBudgetExceeded|exceeded CUs|ProgramFailedToComplete/
/** simulateTransaction tells of so many accounts; a swap writes a third of it. */
const MOST_ACCOUNTS = 64
/** First byte of the compute-budget instruction that bids. */
const SET_PRICE = 3

/** Simulates, and holds what would change against what may. */
export const examine = async (draft: Examined, transaction: VersionedTransaction, chain: Chain): Promise<Composed | Simulation> => {
  const { expect, minSlot } = draft
  const watched = expect ? writtenBy(transaction, draft) : []
  if (watched.length > MOST_ACCOUNTS) return { kind: 'rejected', error: `${UNEXPECTED} writes ${watched.length} accounts`, logs: [] }
  const [before, simulated] = await Promise.all([
    watched.length === 0 ? undefined : chain.accounts(watched),
    chain.simulate(transaction.serialize(), { minSlot, accounts: watched }),
  ])
  if (!simulated.ok) return fromError(simulated.error)
  if (before && !before.ok) return unavailable(before.error)
  if (!expect || !before || simulated.value.error !== null) return simulated.value
  const changes = watched.map((address, i) => ({ address, before: before.value[i], after: simulated.value.accounts[i] }))
  const unexpected = unexpectedIn(changes, expect)
  return unexpected === undefined ? simulated.value : { kind: 'rejected', error: `${UNEXPECTED} ${unexpected}`, logs: simulated.value.logs }
}

/** Static and looked-up accounts that the message writes, fee payer included. */
const writtenBy = ({ message }: VersionedTransaction, { lookupTables }: Examined): string[] => {
  const keys = message.getAccountKeys({ addressLookupTableAccounts: [...lookupTables] })
  return Array.from({ length: keys.length }, (_, i) => i).flatMap((i) =>
    message.isAccountWritable(i) ? [keys.get(i)?.toBase58() ?? ''] : [],
  )
}

const writableIn = ({ instructions, payer }: Draft): readonly string[] => [
  payer.publicKey,
  ...instructions.flatMap(({ keys }) => keys.filter(({ isWritable }) => isWritable).map(({ pubkey }) => pubkey.toBase58())),
]

interface Terms {
  readonly latest: LatestBlockhash
  readonly units: number
  readonly price: bigint
  readonly tip: Tip | undefined
}

const compile = (draft: Draft, { latest, units, price, tip }: Terms): VersionedTransaction => {
  const payerKey = new PublicKey(draft.payer.publicKey)
  const message = compileMessage({
    payerKey,
    recentBlockhash: draft.durable?.nonce.value ?? latest.blockhash,
    instructions: [
      // First of all, or the runtime takes the value for a blockhash that it does not know.
      ...(draft.durable ? [advanceOf(draft.durable.nonce)] : []),
      // The limit carries the nonce: two equal orders within one slot must not become one transaction. It costs nothing.
      ComputeBudgetProgram.setComputeUnitLimit({ units: Math.min(units + draft.nonce, MAX_COMPUTE_UNITS) }),
      ...(price > 0n ? [ComputeBudgetProgram.setComputeUnitPrice({ microLamports: price })] : []),
      ...draft.instructions.filter((instruction) => !isBid(instruction)),
      ...(tip ? [SystemProgram.transfer({ fromPubkey: payerKey, toPubkey: new PublicKey(tip.account), lamports: tip.lamports })] : []),
    ],
    lookupTables: draft.lookupTables,
  })
  return new VersionedTransaction(message)
}

/** Takes the value of a nonce account away and gives it the next one. */
export const advanceOf = ({ account, authority }: Omit<DurableNonce, 'value'>): TransactionInstruction =>
  SystemProgram.nonceAdvance({ noncePubkey: new PublicKey(account), authorizedPubkey: new PublicKey(authority) })

const isBid = ({ programId, data }: TransactionInstruction): boolean =>
  programId.equals(ComputeBudgetProgram.programId) && data[0] === SET_PRICE

const unavailable = (error: ChainError): Composed => ({ kind: 'unavailable', detail: error.detail })
/** A node that refuses to simulate tells of the transaction, one that cannot tells of itself. */
const fromError = (error: ChainError): Composed =>
  error.kind === 'refused' ? { kind: 'rejected', error: error.detail, logs: [] } : unavailable(error)
