import { quoteExactIn, quoteExactOut } from '../solana/amm.ts'
import { type Refusal, refuse, type SwapQuery } from './request.ts'

export interface Quote {
  readonly inAmount: bigint
  readonly outAmount: bigint
  /** What the program enforces: least output (ExactIn) or most input (ExactOut). */
  readonly threshold: bigint
  /** Part of the input that stays in the pool as its fee. */
  readonly feeAmount: bigint
  readonly priceImpactPct: string
  readonly contextSlot: number
}

/** Prices a swap on the pool's reserves as of `contextSlot`; a refusal when the pool is too shallow for it. */
export const quoteSwap = (query: SwapQuery, reserveIn: bigint, reserveOut: bigint, contextSlot: number): Quote | Refusal => {
  const { feeBps } = query.route.pool
  const exactIn = query.swapMode === 'ExactIn'
  const inAmount = exactIn ? query.units : quoteExactOut(query.units, reserveIn, reserveOut, feeBps)
  const outAmount = exactIn ? quoteExactIn(query.units, reserveIn, reserveOut, feeBps) : query.units
  if (inAmount === undefined || outAmount === undefined) return refuse('COULD_NOT_FIND_ANY_ROUTE', 'Could not find any route')
  const slippage = BigInt(query.slippageBps)
  return {
    inAmount,
    outAmount,
    threshold: exactIn ? (outAmount * (BPS - slippage)) / BPS : atMostU64((inAmount * (BPS + slippage) + BPS - 1n) / BPS),
    feeAmount: (inAmount * BigInt(feeBps) + BPS - 1n) / BPS,
    priceImpactPct: impact(inAmount, outAmount, reserveIn, reserveOut, BigInt(feeBps)),
    contextSlot,
  }
}

/** Jupiter's fields of a quote. */
export const quoteFields = (query: SwapQuery, quote: Quote) => ({
  inputMint: query.inputMint,
  outputMint: query.outputMint,
  inAmount: String(quote.inAmount),
  outAmount: String(quote.outAmount),
  otherAmountThreshold: String(quote.threshold),
  swapMode: query.swapMode,
  slippageBps: query.slippageBps,
  priceImpactPct: quote.priceImpactPct,
  contextSlot: quote.contextSlot,
  routePlan: [
    {
      percent: 100,
      bps: 10_000,
      swapInfo: {
        ammKey: query.route.pool.pool,
        label: 'Quant-Bot AMM',
        inputMint: query.inputMint,
        outputMint: query.outputMint,
        inAmount: String(quote.inAmount),
        outAmount: String(quote.outAmount),
        feeAmount: String(quote.feeAmount),
        feeMint: query.inputMint,
      },
    },
  ],
})

const BPS = 10_000n
const U64_MAX = (1n << 64n) - 1n
const atMostU64 = (amount: bigint) => (amount > U64_MAX ? U64_MAX : amount)

/** How far the swap's price, fee aside, lies below the pool's mid: a fraction of one with ten decimals, negative as at Jupiter. */
const impact = (inAmount: bigint, outAmount: bigint, reserveIn: bigint, reserveOut: bigint, feeBps: bigint): string => {
  const atMid = (inAmount * (BPS - feeBps) * reserveOut) / (reserveIn * BPS)
  if (atMid <= outAmount) return '0'
  const scaled = ((atMid - outAmount) * 10n ** 10n) / atMid
  const digits = scaled.toString().padStart(10, '0').replace(/0+$/, '')
  return scaled === 0n ? '0' : scaled >= 10n ** 10n ? '-1' : `-0.${digits}`
}
