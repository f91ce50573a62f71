import { createAssociatedTokenAccountIdempotentInstruction, getAssociatedTokenAddressSync } from '@solana/spl-token'
import { ComputeBudgetProgram, PublicKey, type TransactionInstruction } from '@solana/web3.js'
import { swapExactIn, swapExactOut } from '../solana/amm.ts'
import type { Quote } from './quote.ts'
import type { SwapQuery } from './request.ts'

/** The instruction groups of a swap. `payer` bears rent, `taker` owns the tokens and signs the swap. */
export interface InstructionGroups {
  readonly computeBudget: readonly TransactionInstruction[]
  readonly setup: readonly TransactionInstruction[]
  readonly swap: TransactionInstruction
}

/** The taker's associated token account; a wallet that is itself a program's address may have one too. */
export const tokenAddress = (mint: string, owner: string): PublicKey => {
  const name = `${mint} ${owner}`
  const known = addresses.get(name)
  if (known) return known
  const found = getAssociatedTokenAddressSync(new PublicKey(mint), new PublicKey(owner), true)
  if (addresses.size >= MAX_ADDRESSES) addresses.clear()
  addresses.set(name, found)
  return found
}

/** Derivations remembered, because each takes half a millisecond of elliptic-curve checks. Not state, since all of it can be derived again. */
const addresses = new Map<string, PublicKey>()
const MAX_ADDRESSES = 20_000

export const swapInstructions = (query: SwapQuery, quote: Quote, taker: string, outputExists: boolean): InstructionGroups => {
  const { pool, input, output } = query.route
  const user = new PublicKey(taker)
  const userOut = tokenAddress(output.mint, taker)
  const accounts = {
    pool: new PublicKey(pool.pool),
    user,
    userIn: tokenAddress(input.mint, taker),
    userOut,
    vaultIn: new PublicKey(input.vault),
    vaultOut: new PublicKey(output.vault),
  }
  const payer = new PublicKey(query.payer ?? taker)
  return {
    computeBudget: [ComputeBudgetProgram.setComputeUnitPrice({ microLamports: UNIT_PRICE })],
    // Idempotent: another transaction may create the account between our look and this one's landing.
    setup: outputExists ? [] : [createAssociatedTokenAccountIdempotentInstruction(payer, userOut, user, new PublicKey(output.mint))],
    swap:
      query.swapMode === 'ExactIn'
        ? swapExactIn(accounts, quote.inAmount, quote.threshold)
        : swapExactOut(accounts, quote.outAmount, quote.threshold),
  }
}

/** An instruction in Jupiter's JSON. */
export const instructionJson = (instruction: TransactionInstruction) => ({
  programId: instruction.programId.toBase58(),
  accounts: instruction.keys.map(({ pubkey, isSigner, isWritable }) => ({ pubkey: pubkey.toBase58(), isSigner, isWritable })),
  data: instruction.data.toString('base64'),
})

/** Micro-lamports per unit. The local chain has no contention to price: enough to be seen in fees, too little to matter. */
const UNIT_PRICE = 1_000
