import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  ASSOCIATED_TOKEN_PROGRAM_ID,
  createAssociatedTokenAccountInstruction,
  createMintToInstruction,
  createSyncNativeInstruction,
  getAssociatedTokenAddressSync,
  MINT_SIZE,
  MintLayout,
  NATIVE_MINT,
  TOKEN_PROGRAM_ID,
} from '@solana/spl-token'
import {
  type Keypair,
  PublicKey,
  SystemProgram,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js'
import bs58 from 'bs58'
import { AMM_PROGRAM_ID, ammBinaryPath, initPool, POOL_ACCOUNT_SIZE, poolAddress } from './amm.ts'
import type { Founding } from './ledger.ts'
import { blockhashes, GENESIS_SLOT } from './slots.ts'
import type { AccountState } from './svm.ts'

export interface Mint {
  readonly symbol: string
  readonly address: PublicKey
  readonly decimals: number
}

/** Mainnet's addresses, so that code and configuration need no change between here and there. */
export const SOL: Mint = { symbol: 'SOL', address: NATIVE_MINT, decimals: 9 }
export const USDC: Mint = { symbol: 'USDC', address: new PublicKey('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'), decimals: 6 }
export const BONK: Mint = { symbol: 'BONK', address: new PublicKey('DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263'), decimals: 5 }

export interface FoundedPool {
  readonly base: Mint
  readonly quote: Mint
  readonly address: PublicKey
  readonly baseVault: PublicKey
  readonly quoteVault: PublicKey
  readonly feeBps: number
  /** Base units at genesis. */
  readonly baseReserve: bigint
  readonly quoteReserve: bigint
}

/** The pools every local chain opens with. */
export const foundedPools = (): readonly FoundedPool[] => [
  // 150 USDC per SOL, 20,000 SOL deep: an order of 10 SOL moves the price by a tenth of a percent.
  pool(SOL, USDC, 20_000n * 10n ** 9n, 3_000_000n * 10n ** 6n),
  // 0.00002 USDC per BONK, of the same depth in USDC.
  pool(BONK, USDC, 150_000_000_000n * 10n ** 5n, 3_000_000n * 10n ** 6n),
]

/** A new chain: the faucet's SOL, the mints under the faucet's authority, the market maker's program, and its pools, opened by real transactions. */
export const foundChain = (faucet: Keypair, rentExempt: (size: number) => bigint): Founding => {
  const genesisHash = bs58.encode(randomBytes(32))
  const accounts = new Map<string, AccountState>()
  accounts.set(faucet.publicKey.toBase58(), plain(FAUCET_LAMPORTS))
  for (const mint of [USDC, BONK]) accounts.set(mint.address.toBase58(), mintAccount(mint, faucet.publicKey, rentExempt(MINT_SIZE)))
  const program = readFileSync(ammBinaryPath())
  accounts.set(AMM_PROGRAM_ID.toBase58(), {
    lamports: rentExempt(program.length),
    data: program,
    owner: LOADER.toBytes(),
    executable: true,
  })
  const blockhash = blockhashes(genesisHash).of(GENESIS_SLOT)
  const transactions = foundedPools().map((founded) => {
    const message = new TransactionMessage({
      payerKey: faucet.publicKey,
      recentBlockhash: blockhash,
      instructions: openPool(founded, faucet.publicKey, rentExempt(POOL_ACCOUNT_SIZE)),
    })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    transaction.sign([faucet])
    return transaction.serialize()
  })
  return { genesisHash, faucet: faucet.publicKey.toBase58(), accounts, transactions }
}

/** Five million SOL: enough for any demonstration, and still an exact integer in JSON (below 2^53 lamports). */
const FAUCET_LAMPORTS = 5_000_000n * 10n ** 9n
const POOL_FEE_BPS = 25
const LOADER = new PublicKey('BPFLoader2111111111111111111111111111111111')

const pool = (base: Mint, quote: Mint, baseReserve: bigint, quoteReserve: bigint): FoundedPool => {
  const { address } = poolAddress(base.address, quote.address)
  const vault = (mint: Mint) => getAssociatedTokenAddressSync(mint.address, address, true)
  return { base, quote, address, baseVault: vault(base), quoteVault: vault(quote), feeBps: POOL_FEE_BPS, baseReserve, quoteReserve }
}

const openPool = (founded: FoundedPool, faucet: PublicKey, rent: bigint): TransactionInstruction[] => [
  SystemProgram.transfer({ fromPubkey: faucet, toPubkey: founded.address, lamports: rent }),
  ...fill(founded, founded.base, founded.baseVault, founded.baseReserve, faucet),
  ...fill(founded, founded.quote, founded.quoteVault, founded.quoteReserve, faucet),
  initPool({
    mintA: founded.base.address,
    mintB: founded.quote.address,
    vaultA: founded.baseVault,
    vaultB: founded.quoteVault,
    feeBps: founded.feeBps,
  }),
]

const fill = (founded: FoundedPool, mint: Mint, vault: PublicKey, amount: bigint, faucet: PublicKey): TransactionInstruction[] => [
  createAssociatedTokenAccountInstruction(faucet, vault, founded.address, mint.address, TOKEN_PROGRAM_ID, ASSOCIATED_TOKEN_PROGRAM_ID),
  ...(mint.address.equals(NATIVE_MINT)
    ? [SystemProgram.transfer({ fromPubkey: faucet, toPubkey: vault, lamports: amount }), createSyncNativeInstruction(vault)]
    : [createMintToInstruction(mint.address, vault, faucet, amount)]),
]

const plain = (lamports: bigint): AccountState => ({
  lamports,
  data: new Uint8Array(),
  owner: SystemProgram.programId.toBytes(),
  executable: false,
})

const mintAccount = (mint: Mint, authority: PublicKey, lamports: bigint): AccountState => {
  const data = Buffer.alloc(MINT_SIZE)
  MintLayout.encode(
    {
      mintAuthorityOption: 1,
      mintAuthority: authority,
      supply: 0n,
      decimals: mint.decimals,
      isInitialized: true,
      freezeAuthorityOption: 0,
      freezeAuthority: PublicKey.default,
    },
    data,
  )
  return { lamports, data, owner: TOKEN_PROGRAM_ID.toBytes(), executable: false }
}
