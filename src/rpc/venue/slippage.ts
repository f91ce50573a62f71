import type { SwapRequest, VenueError } from './venue.ts'

/** A quote's two amounts. */
interface Amounts {
  readonly inAmount: bigint
  readonly outAmount: bigint
}

const BPS = 10_000n

/** Whether the program's threshold is no worse than the limit. */
export const keeps = (swap: SwapRequest, threshold: bigint, limit: bigint): boolean =>
  swap.mode === 'exact_in' ? threshold >= limit : threshold <= limit

/** The widest slippage that keeps the program's threshold inside the limit; undefined when the quote itself is outside. */
export const slippageWithin = (swap: SwapRequest, { inAmount, outAmount }: Amounts, limit: bigint): number | undefined => {
  if (swap.mode === 'exact_in') return outAmount < limit ? undefined : Number(((outAmount - limit) * BPS) / outAmount)
  if (inAmount > limit) return undefined
  const room = ((limit - inAmount) * BPS) / inAmount
  return Number(room > BPS ? BPS : room)
}

export const beyondLimit = (swap: SwapRequest, { inAmount, outAmount }: Amounts, limit: bigint): { ok: false; error: VenueError } => ({
  ok: false,
  error: {
    kind: 'beyond_limit',
    detail: swap.mode === 'exact_in' ? `${outAmount} out, at least ${limit} wanted` : `${inAmount} in, at most ${limit} given`,
  },
})
