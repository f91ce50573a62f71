import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createAssociatedTokenAccountIdempotentInstruction,
  createMintToInstruction,
  createSyncNativeInstruction,
  getAssociatedTokenAddressSync,
  NATIVE_MINT,
} from '@solana/spl-token'
import {
  Connection,
  Keypair,
  PublicKey,
  SystemProgram,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js'

const USDC = new PublicKey('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v')

/** Somebody with money who knows a wallet's address: the chain's faucet, acting by itself and not for the product. */
export const openStranger = (faucetFile: string, url: string) => {
  const key = Keypair.fromSecretKey(Uint8Array.from(JSON.parse(readFileSync(faucetFile, 'utf8')) as number[]))
  const connection = new Connection(url, 'confirmed')
  const sendAs = async (others: readonly Keypair[], ...instructions: TransactionInstruction[]): Promise<string> => {
    const { blockhash } = await connection.getLatestBlockhash()
    const message = new TransactionMessage({ payerKey: key.publicKey, recentBlockhash: blockhash, instructions })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    transaction.sign([key, ...others])
    const signature = await connection.sendTransaction(transaction, { skipPreflight: true })
    for (let i = 0; i < 200; i++) {
      const { value } = await connection.getSignatureStatus(signature)
      if (value?.err) throw new Error(JSON.stringify(value.err))
      if (value) return signature
      await sleep(20)
    }
    throw new Error(`${signature} did not land`)
  }
  const send = (...instructions: TransactionInstruction[]): Promise<string> => sendAs([], ...instructions)
  const account = (mint: PublicKey, owner: string) => getAssociatedTokenAddressSync(mint, new PublicKey(owner), true)
  const create = (mint: PublicKey, owner: string) =>
    createAssociatedTokenAccountIdempotentInstruction(key.publicKey, account(mint, owner), new PublicKey(owner), mint)
  const native = (to: PublicKey, lamports: bigint) => SystemProgram.transfer({ fromPubkey: key.publicKey, toPubkey: to, lamports })
  return {
    key,
    connection,
    send,
    sendAs,
    instructions: {
      usdc: (owner: string, units: bigint) => [
        create(USDC, owner),
        createMintToInstruction(USDC, account(USDC, owner), key.publicKey, units),
      ],
      native: (owner: string, lamports: bigint) => [native(new PublicKey(owner), lamports)],
      wrapped: (owner: string, lamports: bigint) => [
        create(NATIVE_MINT, owner),
        native(account(NATIVE_MINT, owner), lamports),
        createSyncNativeInstruction(account(NATIVE_MINT, owner)),
      ],
    },
  }
}
export type Stranger = ReturnType<typeof openStranger>
