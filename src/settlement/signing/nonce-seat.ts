import { createHash } from 'node:crypto'
import { PublicKey, SystemProgram } from '@solana/web3.js'

/** Where one of an account's nonce accounts lies: its address follows from the fee payer's key and a seed, so nothing need be kept. */
export interface NonceSeat {
  readonly account: string
  readonly seed: string
}

/** As many transactions of one trading account can live by nonces at once; a nonce account costs 0.0015 SOL, once. */
export const NONCES_PER_ACCOUNT = 4

export const nonceSeat = async (authority: string, accountId: string, index: number): Promise<NonceSeat> => {
  // 32 characters are the most a seed may have.
  const seed = `qb-${createHash('sha256').update(accountId, 'utf8').digest('hex').slice(0, 24)}-${index}`
  const account = await PublicKey.createWithSeed(new PublicKey(authority), seed, SystemProgram.programId)
  return { account: account.toBase58(), seed }
}
