import type { BuildResponse } from './jupiter-schema.ts'
import type { VenueAnswer, VenueError } from './venue.ts'

/** A venue that only takes exact inputs, asked for swaps in one direction and for the price of the way back. */
export interface ExactInAsk {
  /** The swap with this input and slippage. */
  forward(amountIn: bigint, slippageBps: number): Promise<VenueAnswer<BuildResponse>>
  /** What the wanted output would bring if it were sold: the first guess of its price. */
  back(amountOut: bigint): Promise<VenueAnswer<BuildResponse>>
}

/** Close enough to the wanted output: what is beyond it is surplus, and the trader's. */
const CLOSE_BPS = 10n
/** A quote is curved but little: two or three steps are enough. */
const MOST_STEPS = 5
/** Put in on top, inside the limit, so that a small move of the price does not end the order. */
const CUSHION_BPS = 30n
const BUILD_TRIES = 4
const BPS = 10_000n

/** The least input that brings the wanted output, nearly. */
export const quoteOutput = async (ask: ExactInAsk, wanted: bigint): Promise<VenueAnswer<BuildResponse>> => {
  const back = await ask.back(wanted)
  if (!back.ok) return back
  let amountIn = atLeastOne(back.value.outAmount)
  let best: VenueAnswer<BuildResponse> | undefined
  for (let step = 0; step < MOST_STEPS; step++) {
    const answer = await ask.forward(amountIn, 0)
    if (!answer.ok) return best ?? answer
    const { outAmount } = answer.value
    if (outAmount === 0n) return failed('no_route', 'nothing comes out')
    if (outAmount >= wanted) best = answer
    if (outAmount >= wanted && (outAmount - wanted) * BPS <= wanted * CLOSE_BPS) return answer
    // As the price goes, and half a basis point more: the curve bends away.
    amountIn = atLeastOne((amountIn * wanted) / outAmount)
    amountIn += amountIn / 20_000n + 1n
  }
  return best ?? failed('unavailable', 'the input for this output could not be found')
}

/** A swap whose program enforces the wanted output as its least, for no more than the limit. */
export const buildOutput = async (ask: ExactInAsk, wanted: bigint, limit: bigint): Promise<VenueAnswer<BuildResponse>> => {
  const quoted = await quoteOutput(ask, wanted)
  if (!quoted.ok) return quoted
  const needed = quoted.value.inAmount
  if (needed > limit) return failed('beyond_limit', `${needed} in, at most ${limit} given`)
  const cushioned = needed + (needed * CUSHION_BPS) / BPS
  const amountIn = cushioned < limit ? cushioned : limit
  let answer = await ask.forward(amountIn, 0)
  for (let i = 0; i < BUILD_TRIES; i++) {
    if (!answer.ok) return answer
    const { outAmount } = answer.value
    if (outAmount < wanted) return failed('beyond_limit', `${outAmount} out for ${amountIn}, ${wanted} wanted`)
    // Rounded down: the threshold it makes is the wanted output or a little more, never less.
    answer = await ask.forward(amountIn, Number(((outAmount - wanted) * BPS) / outAmount))
    if (answer.ok && answer.value.otherAmountThreshold >= wanted) return answer
  }
  return failed('unavailable', 'the price moves faster than it can be asked for')
}

const atLeastOne = (amount: bigint): bigint => (amount > 0n ? amount : 1n)

const failed = (kind: VenueError['kind'], detail: string): { ok: false; error: VenueError } => ({ ok: false, error: { kind, detail } })
