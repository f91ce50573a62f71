import {
  ComputeBudgetProgram,
  type Keypair,
  type PublicKey,
  type Signer,
  SystemProgram,
  Transaction,
  type TransactionInstruction,
  VersionedTransaction,
} from '@solana/web3.js'
import type { LatestBlockhash } from '../../src/rpc/chain.ts'
import { compileMessage } from '../../src/rpc/compile-message.ts'
import { createSigner } from '../../src/settlement/keystore/signer.ts'
import { signAll } from '../../src/settlement/signing/compose.ts'

export interface SignedOrder {
  readonly signature: string
  readonly wire: Uint8Array
  readonly lastValidBlockHeight: number
}

/** Something that is to happen on the chain once. Whoever signs it twice risks that it happens twice. */
export interface Order {
  readonly id: string
  /** The same, unsigned, for a library that takes the blockhash and signs by itself. */
  unsigned(): { readonly transaction: Transaction; readonly signers: Signer[] }
  /** As the product compiles and signs, whoever asks. */
  sign(latest: Pick<LatestBlockhash, 'blockhash' | 'lastValidBlockHeight'>): Promise<SignedOrder>
}

/** What a policy says became of an order, and every signature it put under it. */
export interface Landing {
  readonly order: string
  readonly verdict: 'landed' | 'failed' | 'given_up'
  readonly signatures: readonly string[]
  /** From the first signature to the verdict, ms. */
  readonly ms: number
  /** To the moment from which it could not be taken back, for a policy that stays until then. */
  readonly finalMs?: number
  /** It could not tell for a while whether the order would happen, though it was past waiting. */
  readonly doubted: boolean
}

/** A way to land orders. All are asked the same: land this order, sign it anew where you believe the last signature dead. */
export interface Policy {
  readonly name: string
  land(order: Order): Promise<Landing>
  close(): Promise<void>
}

/** A transfer that differs from every other by its amount; `lamports` above the payer's funds makes one that fails on the chain. */
export const transferOrder = (id: string, payer: Keypair, to: PublicKey, lamports: number): Order =>
  instructionOrder(id, [payer], [SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports })], 1_000)

/** Any instructions; the first signer pays. `units` tells apart orders that would be equal otherwise. */
export const instructionOrder = (
  id: string,
  signers: readonly [Keypair, ...Keypair[]],
  given: readonly TransactionInstruction[],
  units: number,
): Order => {
  const cosigners = signers.map((keypair) => signerOf(keypair))
  const instructions = [ComputeBudgetProgram.setComputeUnitLimit({ units }), ...given]
  return {
    id,
    unsigned: () => ({ transaction: new Transaction({ feePayer: signers[0].publicKey }).add(...instructions), signers: [...signers] }),
    sign: async ({ blockhash, lastValidBlockHeight }) => {
      const message = compileMessage({ payerKey: signers[0].publicKey, recentBlockhash: blockhash, instructions })
      const signed = await signAll(new VersionedTransaction(message), cosigners)
      return { ...signed, lastValidBlockHeight }
    },
  }
}

const signerOf = (keypair: Keypair) => {
  const known = SIGNERS.get(keypair) ?? createSigner(keypair.secretKey.subarray(0, 32), keypair.publicKey.toBytes())
  SIGNERS.set(keypair, known)
  return known
}

/** One for each key, as the keystore has them. */
const SIGNERS = new WeakMap<Keypair, ReturnType<typeof createSigner>>()
