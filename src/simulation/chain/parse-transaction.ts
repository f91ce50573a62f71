import { VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'

/** A transaction as the simulated chain reads it, once for all its copies. */
export interface ParsedTransaction {
  readonly signature: string
  readonly blockhash: string
  readonly payer: string
  readonly signers: number
  readonly steps: readonly Step[]
}

export interface Step {
  readonly program: string
  readonly accounts: readonly string[]
  readonly data: Uint8Array
}

export const parseTransaction = (wire: Uint8Array): ParsedTransaction => {
  const { message, signatures } = VersionedTransaction.deserialize(wire)
  const keys = message.staticAccountKeys.map((key) => key.toBase58())
  return {
    signature: bs58.encode(signatures[0]!),
    blockhash: message.recentBlockhash,
    payer: keys[0]!,
    signers: message.header.numRequiredSignatures,
    steps: message.compiledInstructions.map(({ programIdIndex, accountKeyIndexes, data }) => ({
      program: keys[programIdIndex]!,
      accounts: accountKeyIndexes.map((index) => keys[index]!),
      data,
    })),
  }
}
