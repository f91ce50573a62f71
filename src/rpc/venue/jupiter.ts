import type { z } from 'zod'
import { parsePrice } from '../../platform/decimal.ts'
import { buildOutput, type ExactInAsk, quoteOutput } from './exact-in.ts'
import { createJupiterHttp, type JupiterOptions } from './jupiter-http.ts'
import { createJupiterManaged } from './jupiter-managed.ts'
import { BuildResponse, PriceResponse, toInstruction, toLookupTables } from './jupiter-schema.ts'
import { beyondLimit, keeps, slippageWithin } from './slippage.ts'
import type { BuiltSwap, SwapQuote, SwapRequest, SwapVenue, VenueAnswer, VenueError, VenuePrice } from './venue.ts'

export type { JupiterOptions } from './jupiter-http.ts'

/** Jupiter's Swap API V2 (`/build` for our own landing, `/order` and `/execute` for its) and Price API V3. The local venue speaks the same, and exact-out besides. */
export const createJupiterVenue = (options: JupiterOptions): SwapVenue => {
  const http = createJupiterHttp(options)

  const fetchBuild = async (swap: SwapRequest, payer: string, slippageBps: number): Promise<VenueAnswer<BuildResponse>> => {
    const query = { inputMint: swap.inputMint, outputMint: swap.outputMint, amount: swap.amount.toString(), taker: swap.taker, payer }
    const mode = swap.mode === 'exact_in' ? 'ExactIn' : 'ExactOut'
    const answer = await http.get(
      '/swap/v2/build',
      // A trader's SOL stays wrapped in its token account; the payer's own SOL pays for everything else.
      { ...query, swapMode: mode, slippageBps: String(slippageBps), wrapAndUnwrapSol: 'false' },
      BuildResponse,
    )
    return answer.ok ? (mismatch(swap, mode, answer.value) ?? answer) : answer
  }

  /** The venue has no exact outputs: it said so once, by answering another question or by refusing this one. */
  let exactInOnly = false
  const exactIn = (swap: SwapRequest, payer: string): ExactInAsk => ({
    forward: (amount, slippageBps) => fetchBuild({ ...swap, mode: 'exact_in', amount }, payer, slippageBps),
    back: (amount) => fetchBuild({ ...swap, mode: 'exact_in', inputMint: swap.outputMint, outputMint: swap.inputMint, amount }, payer, 0),
  })
  /** Exact outputs natively where the venue has them, else by an exact input that brings at least as much. */
  const withOutputs = async <T>(
    swap: SwapRequest,
    natively: () => Promise<VenueAnswer<T>>,
    byInput: () => Promise<VenueAnswer<T>>,
  ): Promise<VenueAnswer<T>> => {
    if (swap.mode === 'exact_in') return natively()
    if (exactInOnly) return byInput()
    const answer = await natively()
    if (answer.ok || !NO_EXACT_OUT.test(answer.error.detail)) return answer
    const other = await byInput()
    if (!other.ok && other.error.kind === 'unavailable') return answer
    exactInOnly = true
    return other
  }

  const buildNatively = async (swap: SwapRequest, limit: bigint, payer: string): Promise<VenueAnswer<BuiltSwap>> => {
    let answer = await fetchBuild(swap, payer, 0)
    for (let part = 1; part <= BUILD_PARTS; part *= 2) {
      if (!answer.ok) return answer
      const room = slippageWithin(swap, answer.value, limit)
      if (room === undefined) return beyondLimit(swap, answer.value, limit)
      answer = await fetchBuild(swap, payer, Math.floor(room / part))
      if (answer.ok && keeps(swap, answer.value.otherAmountThreshold, limit)) return { ok: true, value: toBuiltSwap(swap, answer.value) }
    }
    return failed('unavailable', 'the price moves faster than it can be asked for')
  }

  return {
    quote: (swap) => {
      const toAnswer = (answer: VenueAnswer<BuildResponse>): VenueAnswer<SwapQuote> =>
        answer.ok ? { ok: true, value: toQuote(swap, answer.value) } : answer
      return withOutputs(
        swap,
        async () => toAnswer(await fetchBuild(swap, swap.taker, 0)),
        async () => toAnswer(await quoteOutput(exactIn(swap, swap.taker), swap.amount)),
      )
    },
    build: (swap, { limit, payer }) =>
      withOutputs(
        swap,
        () => buildNatively(swap, limit, payer),
        async () => {
          const answer = await buildOutput(exactIn(swap, payer), swap.amount, limit)
          return answer.ok
            ? { ok: true, value: toBuiltSwap({ ...swap, mode: 'exact_in', amount: answer.value.inAmount }, answer.value) }
            : answer
        },
      ),
    prices: async (mints) => {
      const answer = await http.get('/price/v3', { ids: mints.join(',') }, PriceResponse)
      return answer.ok ? { ok: true, value: toPrices(answer.value) } : answer
    },
    managed: createJupiterManaged(http, options.executeTimeoutMs),
    health: http.health,
    close: http.close,
  }
}

/** Our own words for an answer in another mode, and a venue's for a mode that it does not know. */
const NO_EXACT_OUT = /^asked for ExactOut .* got ExactIn|swapMode|ExactOut is not|not support.*ExactOut/i
const failed = (kind: VenueError['kind'], detail: string): { ok: false; error: VenueError } => ({ ok: false, error: { kind, detail } })

/** An answer to another question than ours is not traded on: a venue without exact-out might ignore the mode. */
const mismatch = (swap: SwapRequest, mode: string, answer: BuildResponse): { ok: false; error: VenueError } | undefined => {
  const fixed = swap.mode === 'exact_in' ? answer.inAmount : answer.outAmount
  const same = answer.swapMode === mode && answer.inputMint === swap.inputMint && answer.outputMint === swap.outputMint
  return same && fixed === swap.amount
    ? undefined
    : failed('unavailable', `asked for ${mode} ${swap.amount}, got ${answer.swapMode} ${fixed}`)
}

/** The pool may move between a quote and the build with the slippage it allows: then the next one is asked for a half, a quarter … of the room. */
const BUILD_PARTS = 8

const toQuote = (swap: SwapRequest, answer: BuildResponse): SwapQuote => ({
  request: swap,
  inAmount: answer.inAmount,
  outAmount: answer.outAmount,
  route: answer.routePlan.map(({ swapInfo }) => swapInfo.label ?? '?'),
})

const toBuiltSwap = (swap: SwapRequest, answer: BuildResponse): BuiltSwap => ({
  quote: toQuote(swap, answer),
  threshold: answer.otherAmountThreshold,
  computeBudget: answer.computeBudgetInstructions.map(toInstruction),
  instructions: [
    ...answer.setupInstructions,
    answer.swapInstruction,
    ...(answer.cleanupInstruction ? [answer.cleanupInstruction] : []),
    ...(answer.otherInstructions ?? []),
  ].map(toInstruction),
  lookupTables: toLookupTables(answer.addressesByLookupTableAddress),
  cosigners: [],
})

const toPrices = (answer: z.infer<typeof PriceResponse>): VenuePrice[] =>
  Object.entries(answer).flatMap(([mint, entry]) => {
    const price = entry && parsePrice(entry.usdPrice.toFixed(12))
    return entry && price ? [{ mint, price, slot: entry.blockId ?? 0 }] : []
  })
