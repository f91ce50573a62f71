import {
  ComputeBudgetProgram,
  type Keypair,
  type PublicKey,
  type Signer,
  SystemProgram,
  Transaction,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js'
import bs58 from 'bs58'
import type { LatestBlockhash } from '../../src/rpc/chain.ts'

export interface SignedOrder {
  readonly signature: string
  readonly wire: Uint8Array
  readonly transaction: VersionedTransaction
  readonly lastValidBlockHeight: number
}

/** Something that is to happen on the chain once. Whoever signs it twice risks that it happens twice. */
export interface Order {
  readonly id: string
  /** The same, unsigned, for a library that takes the blockhash and signs by itself. */
  unsigned(): { readonly transaction: Transaction; readonly signers: Signer[] }
  sign(latest: Pick<LatestBlockhash, 'blockhash' | 'lastValidBlockHeight'>): SignedOrder
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
  const instructions = [ComputeBudgetProgram.setComputeUnitLimit({ units }), ...given]
  return {
    id,
    unsigned: () => ({ transaction: new Transaction({ feePayer: signers[0].publicKey }).add(...instructions), signers: [...signers] }),
    sign: ({ blockhash, lastValidBlockHeight }) => {
      const message = new TransactionMessage({ payerKey: signers[0].publicKey, recentBlockhash: blockhash, instructions })
      const transaction = new VersionedTransaction(message.compileToV0Message())
      transaction.sign([...signers])
      return { signature: bs58.encode(transaction.signatures[0]!), wire: transaction.serialize(), transaction, lastValidBlockHeight }
    },
  }
}
