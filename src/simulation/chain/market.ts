import { createHash } from 'node:crypto'
import { PublicKey, TransactionInstruction } from '@solana/web3.js'
import type { Instrument } from '../../events/reference/reference-event.ts'
import { pow10 } from '../../platform/decimal.ts'
import type { SwapRequest } from '../../rpc/venue/venue.ts'
import type { PoolReserves } from './token-state.ts'

/** The constant-product market maker of the simulated chain: arithmetic, and its one instruction. */
export const MARKET_PROGRAM = new PublicKey(createHash('sha256').update('simulated market').digest())
/** Program error of a swap outside its limit, as at Jupiter. */
export const SLIPPAGE = 'custom:6001'

/** A pool as deep as the embedded chain's, at 150. */
export const openingReserves = ({ base, quote }: Instrument): PoolReserves => {
  const whole = base.asset === 'SOL' ? { base: 20_000n, quote: 3_000_000n } : { base: 100_000_000_000n, quote: 2_000_000n }
  return { base: whole.base * pow10(base.decimals), quote: whole.quote * pow10(quote.decimals) }
}

const FEE_BPS = 30n
const BPS = 10_000n

/** What the other side of a swap comes to; undefined where the pool has not enough. */
export const otherSide = (reserveIn: bigint, reserveOut: bigint, mode: SwapRequest['mode'], amount: bigint): bigint | undefined => {
  if (mode === 'exact_in') {
    const net = (amount * (BPS - FEE_BPS)) / BPS
    const out = net > 0n ? (net * reserveOut) / (reserveIn + net) : 0n
    return out > 0n ? out : undefined
  }
  if (amount <= 0n || amount >= reserveOut) return undefined
  const net = (reserveIn * amount) / (reserveOut - amount) + 1n
  return (net * BPS) / (BPS - FEE_BPS) + 1n
}

export interface SwapInstruction {
  readonly mode: SwapRequest['mode']
  /** Index of the instrument, and whether the base goes in. */
  readonly pair: number
  readonly baseIn: boolean
  readonly amount: bigint
  readonly limit: bigint
}

const LENGTH = 19

export const swapInstruction = (swap: SwapInstruction, user: string, userIn: PublicKey, userOut: PublicKey): TransactionInstruction => {
  const data = Buffer.alloc(LENGTH)
  data.writeUInt8(swap.mode === 'exact_in' ? 1 : 2, 0)
  data.writeUInt8(swap.pair, 1)
  data.writeUInt8(swap.baseIn ? 1 : 0, 2)
  data.writeBigUInt64LE(swap.amount, 3)
  data.writeBigUInt64LE(swap.limit, 11)
  return new TransactionInstruction({
    programId: MARKET_PROGRAM,
    data,
    keys: [
      { pubkey: new PublicKey(user), isSigner: true, isWritable: false },
      { pubkey: userIn, isSigner: false, isWritable: true },
      { pubkey: userOut, isSigner: false, isWritable: true },
    ],
  })
}

export const readSwap = (bytes: Uint8Array): SwapInstruction => {
  const data = Buffer.from(bytes)
  return {
    mode: data.readUInt8(0) === 1 ? 'exact_in' : 'exact_out',
    pair: data.readUInt8(1),
    baseIn: data.readUInt8(2) === 1,
    amount: data.readBigUInt64LE(3),
    limit: data.readBigUInt64LE(11),
  }
}
