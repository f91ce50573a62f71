import { ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel'
import { Agent, request } from 'undici'
import type { z } from 'zod'
import { monotonicMs } from '../../platform/clock.ts'
import { parsePrice } from '../../platform/decimal.ts'
import { Histogram, type Registry } from '../../platform/metrics.ts'
import { buildOutput, type ExactInAsk, quoteOutput } from './exact-in.ts'
import { BuildResponse, ErrorResponse, PriceResponse, toInstruction, toLookupTables } from './jupiter-schema.ts'
import type { BuiltSwap, SwapQuote, SwapRequest, SwapVenue, VenueAnswer, VenueError, VenuePrice } from './venue.ts'

export interface JupiterOptions {
  /** Without a trailing slash: `https://api.jup.ag`, or the local venue. */
  readonly url: string
  readonly apiKey: string | undefined
  readonly registry: Registry
}

/** Jupiter's Swap API V2 (`/build`, own landing) and Price API V3. The local venue speaks the same, and exact-out besides. */
export const createJupiterVenue = ({ url, apiKey, registry }: JupiterOptions): SwapVenue => {
  const agent = new Agent({ keepAliveTimeout: 15_000, connections: 16, connect: { timeout: CALL_TIMEOUT_MS } })
  const breaker = circuitBreaker(handleAll, { halfOpenAfter: PROBE_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_BREAK) })
  const headers = apiKey === undefined ? {} : { 'x-api-key': apiKey }
  const times = new Histogram({
    name: 'quantbot_venue_call_seconds',
    help: 'Calls to the swap venue by path and outcome',
    labelNames: ['path', 'outcome'] as const,
    buckets: [0.003, 0.01, 0.03, 0.1, 0.3, 1, 4],
    registers: [registry],
  })
  let lastError: string | undefined

  const get = async <T>(path: string, query: Record<string, string>, schema: z.ZodType<T>): Promise<VenueAnswer<T>> => {
    const started = monotonicMs()
    const answer = await breaker
      .execute(() => ask(`${url}${path}?${new URLSearchParams(query)}`, headers, agent, schema))
      .catch((error: unknown): VenueAnswer<T> => failed('unavailable', error instanceof Error ? error.message : String(error)))
    times.observe({ path, outcome: answer.ok ? 'ok' : answer.error.kind }, (monotonicMs() - started) / 1000)
    lastError = answer.ok || answer.error.kind !== 'unavailable' ? undefined : answer.error.detail
    return answer
  }

  const fetchBuild = async (swap: SwapRequest, payer: string, slippageBps: number): Promise<VenueAnswer<BuildResponse>> => {
    const query = { inputMint: swap.inputMint, outputMint: swap.outputMint, amount: swap.amount.toString(), taker: swap.taker, payer }
    const mode = swap.mode === 'exact_in' ? 'ExactIn' : 'ExactOut'
    const answer = await get(
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
      const answer = await get('/price/v3', { ids: mints.join(',') }, PriceResponse)
      return answer.ok ? { ok: true, value: toPrices(answer.value) } : answer
    },
    health: () => (lastError === undefined ? { ready: true } : { ready: false, detail: lastError }),
    close: () => agent.close(),
  }
}

/** A quote older than this is no use to anybody. */
const CALL_TIMEOUT_MS = 3_000
const FAILURES_TO_BREAK = 5
const PROBE_AFTER_MS = 1_000
const BPS = 10_000n

/** @throws on transport failures, overload and answers that are not Jupiter's: these count against the venue */
const ask = async <T>(url: string, headers: Record<string, string>, agent: Agent, schema: z.ZodType<T>): Promise<VenueAnswer<T>> => {
  const { statusCode, body } = await request(url, { dispatcher: agent, headers, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) })
  const text = await body.text()
  if (statusCode === 429 || statusCode >= 500) throw new Error(`HTTP ${statusCode}`)
  const json: unknown = JSON.parse(text)
  if (statusCode < 400) {
    const parsed = schema.safeParse(json)
    if (parsed.success) return { ok: true, value: parsed.data }
    const issue = parsed.error.issues[0]
    const told = ErrorResponse.safeParse(json)
    // /order and /build may say an error with 200.
    if (told.success && isNoRoute(told.data)) return failed('no_route', describe(told.data))
    throw new Error(`unexpected answer: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const told = ErrorResponse.safeParse(json)
  // A definite no to this very question, whatever its name: asking it again would not change it.
  if (statusCode === 400 && told.success) return failed('no_route', describe(told.data))
  return failed('unavailable', `HTTP ${statusCode}: ${told.success ? describe(told.data) : text.slice(0, 200)}`)
}

/** Our own words for an answer in another mode, and a venue's for a mode that it does not know. */
const NO_EXACT_OUT = /^asked for ExactOut .* got ExactIn|swapMode|ExactOut is not|not support.*ExactOut/i
const NO_ROUTE =
  /NO_ROUTES_FOUND|COULD_NOT_FIND_ANY_ROUTE|TOKEN_NOT_TRADABLE|CIRCULAR_ARBITRAGE|ROUTE_PLAN_DOES_NOT_CONSUME|no routes? found|not tradable/i
const isNoRoute = (told: Told): boolean => NO_ROUTE.test(describe(told))
const describe = ({ errorCode, error, message }: Told): string => [errorCode, error, message].filter(Boolean).join(': ')
type Told = z.infer<typeof ErrorResponse>

const failed = (kind: VenueError['kind'], detail: string): { ok: false; error: VenueError } => ({ ok: false, error: { kind, detail } })

/** An answer to another question than ours is not traded on: a venue without exact-out might ignore the mode. */
const mismatch = (swap: SwapRequest, mode: string, answer: BuildResponse): { ok: false; error: VenueError } | undefined => {
  const fixed = swap.mode === 'exact_in' ? answer.inAmount : answer.outAmount
  const same = answer.swapMode === mode && answer.inputMint === swap.inputMint && answer.outputMint === swap.outputMint
  return same && fixed === swap.amount
    ? undefined
    : failed('unavailable', `asked for ${mode} ${swap.amount}, got ${answer.swapMode} ${fixed}`)
}

const beyondLimit = (swap: SwapRequest, { inAmount, outAmount }: BuildResponse, limit: bigint) =>
  failed('beyond_limit', swap.mode === 'exact_in' ? `${outAmount} out, at least ${limit} wanted` : `${inAmount} in, at most ${limit} given`)

/** The pool may move between a quote and the build with the slippage it allows: then the next one is asked for a half, a quarter … of the room. */
const BUILD_PARTS = 8

/** Whether the program's threshold is no worse than the limit. */
const keeps = (swap: SwapRequest, threshold: bigint, limit: bigint): boolean =>
  swap.mode === 'exact_in' ? threshold >= limit : threshold <= limit

/** The widest slippage that keeps the program's threshold inside the limit; undefined when the quote itself is outside. */
const slippageWithin = (swap: SwapRequest, { inAmount, outAmount }: BuildResponse, limit: bigint): number | undefined => {
  if (swap.mode === 'exact_in') return outAmount < limit ? undefined : Number(((outAmount - limit) * BPS) / outAmount)
  if (inAmount > limit) return undefined
  const room = ((limit - inAmount) * BPS) / inAmount
  return Number(room > BPS ? BPS : room)
}

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
