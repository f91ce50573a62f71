import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TOKEN_PROGRAM_ID } from '@solana/spl-token'
import { PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js'

/** Address of our market maker on every local chain: a hash, so that it needs no key anybody could lose. */
export const AMM_PROGRAM_ID = new PublicKey(createHash('sha256').update('quant-bot constant-product amm 1').digest())

/** Program error of a swap outside its limit, as at Jupiter. */
export const SLIPPAGE_ERROR = 6001

export interface Pool {
  readonly mintA: PublicKey
  readonly mintB: PublicKey
  readonly vaultA: PublicKey
  readonly vaultB: PublicKey
  readonly feeBps: number
}

export interface SwapAccounts {
  readonly pool: PublicKey
  readonly user: PublicKey
  readonly userIn: PublicKey
  readonly userOut: PublicKey
  readonly vaultIn: PublicKey
  readonly vaultOut: PublicKey
}

/** The pool of a pair and the authority over its vaults: one program-derived address. */
export const poolAddress = (mintA: PublicKey, mintB: PublicKey): { address: PublicKey; bump: number } => {
  const [address, bump] = PublicKey.findProgramAddressSync([Buffer.from('pool'), mintA.toBuffer(), mintB.toBuffer()], AMM_PROGRAM_ID)
  return { address, bump }
}

/** Opens a pool over two vaults that its address already owns; the rent must have been sent to the address before. */
export const initPool = (pool: Pool): TransactionInstruction => {
  const { address, bump } = poolAddress(pool.mintA, pool.mintB)
  return new TransactionInstruction({
    programId: AMM_PROGRAM_ID,
    data: Buffer.from([0, pool.feeBps & 0xff, pool.feeBps >> 8, bump]),
    keys: [
      { pubkey: address, isSigner: false, isWritable: true },
      ...[pool.mintA, pool.mintB, pool.vaultA, pool.vaultB, SystemProgram.programId].map(readonly),
    ],
  })
}

/** Gives exactly `amountIn` for at least `minOut`; program error 6001 otherwise. */
export const swapExactIn = (accounts: SwapAccounts, amountIn: bigint, minOut: bigint): TransactionInstruction =>
  swap(1, accounts, amountIn, minOut)

/** Takes exactly `amountOut` for at most `maxIn`; program error 6001 otherwise. */
export const swapExactOut = (accounts: SwapAccounts, amountOut: bigint, maxIn: bigint): TransactionInstruction =>
  swap(2, accounts, amountOut, maxIn)

/** What the program pays for `amountIn`, or undefined where it answers 6003. The program's own arithmetic, in bigint. */
export const quoteExactIn = (amountIn: bigint, reserveIn: bigint, reserveOut: bigint, feeBps: number): bigint | undefined => {
  const net = (amountIn * (BPS - BigInt(feeBps))) / BPS
  if (net <= 0n || reserveIn + amountIn > U64_MAX) return undefined
  const out = (net * reserveOut) / (reserveIn + net)
  return out > 0n && out < reserveOut ? out : undefined
}

/** What the program asks for `amountOut`, or undefined where it answers 6003. */
export const quoteExactOut = (amountOut: bigint, reserveIn: bigint, reserveOut: bigint, feeBps: number): bigint | undefined => {
  if (amountOut <= 0n || amountOut >= reserveOut) return undefined
  const net = ceilDiv(reserveIn * amountOut, reserveOut - amountOut)
  const amountIn = ceilDiv(net * BPS, BPS - BigInt(feeBps))
  return amountIn > 0n && reserveIn + amountIn <= U64_MAX ? amountIn : undefined
}

export const POOL_ACCOUNT_SIZE = 144

/** Reads a pool account; undefined when the data are not a pool of this version. */
export const decodePool = (data: Uint8Array): Pool | undefined => {
  const bytes = Buffer.from(data)
  if (bytes.length !== POOL_ACCOUNT_SIZE || !bytes.subarray(0, 8).equals(POOL_MAGIC)) return undefined
  const key = (at: number) => new PublicKey(bytes.subarray(at, at + 32))
  return { mintA: key(8), mintB: key(40), vaultA: key(72), vaultB: key(104), feeBps: bytes.readUInt16LE(136) }
}

/** The committed program. Found from the sources and from the compiled tree alike: both lie under the folder of package.json. */
export const ammBinaryPath = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) throw new Error('programs/amm/amm.so: no package.json above the running code')
    folder = dirname(folder)
  }
  return join(folder, 'programs', 'amm', 'amm.so')
}

const BPS = 10_000n
const U64_MAX = (1n << 64n) - 1n
const POOL_MAGIC = Buffer.from('QBAMM0\x01\x00', 'latin1')

const ceilDiv = (a: bigint, b: bigint) => (a + b - 1n) / b
const readonly = (pubkey: PublicKey) => ({ pubkey, isSigner: false, isWritable: false })

const swap = (tag: number, accounts: SwapAccounts, amount: bigint, limit: bigint) => {
  const data = Buffer.alloc(17)
  data[0] = tag
  data.writeBigUInt64LE(amount, 1)
  data.writeBigUInt64LE(limit, 9)
  return new TransactionInstruction({
    programId: AMM_PROGRAM_ID,
    data,
    keys: [
      readonly(accounts.pool),
      { pubkey: accounts.user, isSigner: true, isWritable: false },
      ...[accounts.userIn, accounts.userOut, accounts.vaultIn, accounts.vaultOut].map((pubkey) => ({
        pubkey,
        isSigner: false,
        isWritable: true,
      })),
      readonly(TOKEN_PROGRAM_ID),
    ],
  })
}
