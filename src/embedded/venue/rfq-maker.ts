import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import {
  createAssociatedTokenAccountIdempotentInstruction,
  createMintToInstruction,
  createSyncNativeInstruction,
  NATIVE_MINT,
} from '@solana/spl-token'
import {
  ComputeBudgetProgram,
  Keypair,
  PublicKey,
  SystemProgram,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js'
import { z } from 'zod'
import { type Chain, tokenAmounts, tokenAmountsCall } from './chain.ts'
import { tokenAddress } from './instructions.ts'
import type { PoolSide, Pools } from './pools.ts'

/** The local market maker: a wallet of its own with funds from the chain's faucet. */
export interface Maker {
  readonly key: Keypair
  /** Whether it holds that much of a token; when it does not, more is fetched for the next time. */
  holds(side: PoolSide, units: bigint): Promise<boolean>
}

/** The maker of the chain whose faucet this is; undefined where there is no faucet. Its key follows from the faucet's: there is nothing else to keep. */
export const openMaker = (faucetFile: string, chain: Chain, pools: Pools): Maker | undefined => {
  if (!existsSync(faucetFile)) return undefined
  const faucet = Keypair.fromSecretKey(
    Uint8Array.from(
      z
        .array(z.number())
        .length(64)
        .parse(JSON.parse(readFileSync(faucetFile, 'utf8'))),
    ),
  )
  const key = Keypair.fromSeed(createHash('sha256').update('rfq maker').update(faucet.secretKey).digest())
  const sides = [...new Map(pools.all.flatMap(({ base, quote }) => [base, quote]).map((side) => [side.mint, side])).values()]
  let stocking: Promise<void> | undefined

  const stock = async (): Promise<void> => {
    const { value } = await chain.call(Blockhash, 'getLatestBlockhash', { commitment: 'confirmed' })
    const message = new TransactionMessage({
      payerKey: faucet.publicKey,
      recentBlockhash: value.blockhash,
      instructions: [
        ComputeBudgetProgram.setComputeUnitLimit({ units: 400_000 }),
        ...sides.flatMap((side) => fill(side, faucet.publicKey, key.publicKey)),
      ],
    })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    transaction.sign([faucet])
    const wire = Buffer.from(transaction.serialize()).toString('base64')
    await chain.batch([{ method: 'sendTransaction', params: [wire, { encoding: 'base64', skipPreflight: false }] }])
  }

  return {
    key,
    holds: async ({ mint }, units) => {
      const [answer] = await chain.batch([tokenAmountsCall([tokenAddress(mint, key.publicKey.toBase58()).toBase58()])])
      const [held] = tokenAmounts(answer).amounts
      if ((held ?? 0n) >= units) return true
      stocking ??= stock().finally(() => {
        stocking = undefined
      })
      await stocking
      return false
    },
  }
}

/** Whole tokens fetched at a time: some thousand orders' worth at the founding prices. */
const STOCK: Readonly<Record<string, bigint>> = { SOL: 20_000n, USDC: 3_000_000n }
const STOCK_OF_OTHERS = 100_000_000_000n

const Blockhash = z.object({ value: z.object({ blockhash: z.string() }) })

/** Tokens are minted; SOL is the faucet's own. */
const fill = ({ symbol, mint, decimals }: PoolSide, faucet: PublicKey, maker: PublicKey): TransactionInstruction[] => {
  const account = tokenAddress(mint, maker.toBase58())
  const mintKey = new PublicKey(mint)
  const units = (STOCK[symbol] ?? STOCK_OF_OTHERS) * 10n ** BigInt(decimals)
  const create = createAssociatedTokenAccountIdempotentInstruction(faucet, account, maker, mintKey)
  return mintKey.equals(NATIVE_MINT)
    ? [create, SystemProgram.transfer({ fromPubkey: faucet, toPubkey: account, lamports: units }), createSyncNativeInstruction(account)]
    : [create, createMintToInstruction(mintKey, account, faucet, units)]
}
