import {
  ComputeBudgetProgram,
  type Keypair,
  type PublicKey,
  SystemProgram,
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
  sign(latest: Pick<LatestBlockhash, 'blockhash' | 'lastValidBlockHeight'>): SignedOrder
}

/** What a policy says became of an order, and every signature it put under it. */
export interface Landing {
  readonly order: string
  readonly verdict: 'landed' | 'failed' | 'given_up'
  readonly signatures: readonly string[]
  /** From the first signature to the verdict, ms. */
  readonly ms: number
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
export const transferOrder = (id: string, payer: Keypair, to: PublicKey, lamports: number): Order => ({
  id,
  sign: ({ blockhash, lastValidBlockHeight }) => {
    const message = new TransactionMessage({
      payerKey: payer.publicKey,
      recentBlockhash: blockhash,
      instructions: [
        ComputeBudgetProgram.setComputeUnitLimit({ units: 1_000 }),
        SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports }),
      ],
    }).compileToV0Message()
    const transaction = new VersionedTransaction(message)
    transaction.sign([payer])
    return { signature: bs58.encode(transaction.signatures[0]!), wire: transaction.serialize(), transaction, lastValidBlockHeight }
  },
})
