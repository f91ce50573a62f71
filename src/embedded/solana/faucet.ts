import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ComputeBudgetProgram, Keypair, PublicKey, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import { writePrivate } from './private-file.ts'

/** The local chain's mint authority and source of SOL. The file is the Solana tools' keypair format: a JSON array of 64 bytes. */
export const loadFaucet = (dir: string): Keypair => {
  const path = join(dir, 'faucet.json')
  if (!existsSync(path)) writePrivate(path, JSON.stringify([...Keypair.generate().secretKey]))
  return Keypair.fromSecretKey(Uint8Array.from(JSON.parse(readFileSync(path, 'utf8')) as number[]))
}

/** Builds the transactions behind requestAirdrop; each is different, also for the same address and amount in one slot. */
export const createAirdrops = (faucet: Keypair) => {
  let count = 0
  return (to: string, lamports: number, blockhash: string): Uint8Array => {
    count++
    const message = new TransactionMessage({
      payerKey: faucet.publicKey,
      recentBlockhash: blockhash,
      instructions: [
        // The limit doubles as a nonce: equal bytes would be one transaction. A transfer needs 300 units.
        ComputeBudgetProgram.setComputeUnitLimit({ units: 1_000 + (count % 1_000_000) }),
        SystemProgram.transfer({ fromPubkey: faucet.publicKey, toPubkey: new PublicKey(to), lamports }),
      ],
    })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    transaction.sign([faucet])
    return transaction.serialize()
  }
}
