import { createPublicKey, verify } from 'node:crypto'
import {
  createAssociatedTokenAccountIdempotentInstruction,
  createTransferCheckedInstruction,
  getAssociatedTokenAddressSync,
} from '@solana/spl-token'
import { PublicKey, type TransactionInstruction } from '@solana/web3.js'
import { ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel'
import { Agent, request } from 'undici'
import { z } from 'zod'
import { monotonicMs } from '../../platform/clock.ts'
import { Histogram, type Registry } from '../../platform/metrics.ts'
import type { Cosigner, SwapQuote, SwapRequest, SwapVenue, VenueAnswer, VenueError } from './venue.ts'

export interface RfqOptions {
  /** Without a trailing slash. */
  readonly url: string
  readonly registry: Registry
}

/**
 * Request for quote, delivery versus payment: a maker quotes a firm price, both sides are one transaction of two checked transfers
 * that maker and taker sign, so that either both move or none. Nothing is promised beyond the quote's short life.
 */
export const createRfqVenue = ({ url, registry }: RfqOptions): SwapVenue => {
  const agent = new Agent({ keepAliveTimeout: 15_000, connections: 16, connect: { timeout: CALL_TIMEOUT_MS } })
  const breaker = circuitBreaker(handleAll, { halfOpenAfter: PROBE_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_BREAK) })
  const times = new Histogram({
    name: 'quantbot_rfq_call_seconds',
    help: 'Calls to makers by path and outcome',
    labelNames: ['path', 'outcome'] as const,
    buckets: [0.003, 0.01, 0.03, 0.1, 0.3, 1],
    registers: [registry],
  })

  const call = async <T>(path: string, schema: z.ZodType<T>, body?: object): Promise<VenueAnswer<T>> => {
    const started = monotonicMs()
    const answer = await breaker
      .execute(() => ask(`${url}${path}`, agent, schema, body))
      .catch((error: unknown): VenueAnswer<T> => failed('unavailable', error instanceof Error ? error.message : String(error)))
    const outcome = answer.ok ? 'ok' : answer.error.kind
    times.observe({ path: path.split('?')[0]!, outcome }, (monotonicMs() - started) / 1_000)
    return answer
  }

  /** A maker that quotes and then does not sign is left alone for a while: orders go where they are filled. */
  let restUntil = 0
  const fetchQuote = async (swap: SwapRequest): Promise<VenueAnswer<MakerQuote>> => {
    if (monotonicMs() < restUntil) return failed('unavailable', 'the maker has not signed what it quoted')
    const { inputMint, outputMint, amount, taker } = swap
    const swapMode = swap.mode === 'exact_in' ? 'ExactIn' : 'ExactOut'
    const query = new URLSearchParams({ inputMint, outputMint, amount: amount.toString(), taker, swapMode })
    const answer = await call(`/rfq/v1/quote?${query}`, MakerQuote)
    if (!answer.ok) return answer
    const { value } = answer
    const same = value.inputMint === inputMint && value.outputMint === outputMint
    const fixed = swap.mode === 'exact_in' ? value.inAmount : value.outAmount
    return same && fixed === amount ? answer : failed('unavailable', 'the maker answered another question')
  }

  const cosigner = ({ maker, quoteId }: MakerQuote): Cosigner => ({
    publicKey: maker,
    sign: async (message) => {
      restUntil = monotonicMs() + REST_MS
      const answer = await call('/rfq/v1/sign', SignAnswer, { quoteId, message: Buffer.from(message).toString('base64') })
      if (!answer.ok) throw new Error(`the maker does not sign: ${answer.error.detail}`)
      const signature = Buffer.from(answer.value.signature, 'base64')
      if (!isSignature(maker, message, signature)) throw new Error('the maker gave a signature of something else')
      restUntil = 0
      return signature
    },
  })

  return {
    quote: async (swap) => {
      const answer = await fetchQuote(swap)
      return answer.ok ? { ok: true, value: toQuote(swap, answer.value) } : answer
    },
    build: async (swap, { limit, payer }) => {
      const answer = await fetchQuote(swap)
      if (!answer.ok) return answer
      const { value } = answer
      const exactIn = swap.mode === 'exact_in'
      if (exactIn ? value.outAmount < limit : value.inAmount > limit)
        return failed('beyond_limit', `${value.inAmount} for ${value.outAmount}`)
      return {
        ok: true,
        value: {
          quote: toQuote(swap, value),
          threshold: exactIn ? value.outAmount : value.inAmount,
          computeBudget: [],
          instructions: legs(value, swap.taker, payer),
          lookupTables: [],
          cosigners: [cosigner(value)],
        },
      }
    },
    prices: async () => ({ ok: true, value: [] }),
    health: () => ({ ready: true }),
    close: () => agent.close(),
  }
}

/** A quote that takes longer is worth nothing. */
const CALL_TIMEOUT_MS = 1_000
const FAILURES_TO_BREAK = 3
const PROBE_AFTER_MS = 2_000
const REST_MS = 5_000

const Address = z.string().min(32).max(44)
const Units = z
  .string()
  .regex(/^[1-9]\d*$/)
  .transform(BigInt)
const MakerQuote = z.object({
  quoteId: z.string().min(1),
  maker: Address,
  inputMint: Address,
  outputMint: Address,
  inAmount: Units,
  outAmount: Units,
  inputDecimals: z.number().int(),
  outputDecimals: z.number().int(),
})
type MakerQuote = z.infer<typeof MakerQuote>
const SignAnswer = z.object({ signature: z.base64() })
const ErrorAnswer = z.object({ errorCode: z.string().nullish(), error: z.string().nullish() })

/** Payment and delivery, in this order; the taker's account for what it is paid is made where there is none. */
const legs = (quote: MakerQuote, takerAddress: string, payerAddress: string): TransactionInstruction[] => {
  const [taker, maker, payer] = [takerAddress, quote.maker, payerAddress].map((key) => new PublicKey(key)) as [
    PublicKey,
    PublicKey,
    PublicKey,
  ]
  const [input, output] = [new PublicKey(quote.inputMint), new PublicKey(quote.outputMint)]
  const account = (mint: PublicKey, owner: PublicKey) => getAssociatedTokenAddressSync(mint, owner, true)
  return [
    createAssociatedTokenAccountIdempotentInstruction(payer, account(output, taker), taker, output),
    createTransferCheckedInstruction(account(input, taker), input, account(input, maker), taker, quote.inAmount, quote.inputDecimals),
    createTransferCheckedInstruction(account(output, maker), output, account(output, taker), maker, quote.outAmount, quote.outputDecimals),
  ]
}

const toQuote = (swap: SwapRequest, { inAmount, outAmount, maker }: MakerQuote): SwapQuote => ({
  request: swap,
  inAmount,
  outAmount,
  route: [`RFQ ${maker.slice(0, 8)}`],
})

/** @throws on transport failures and answers that are not a maker's: these count against it */
const ask = async <T>(url: string, agent: Agent, schema: z.ZodType<T>, body?: object): Promise<VenueAnswer<T>> => {
  const post = body && { method: 'POST' as const, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const answer = await request(url, { dispatcher: agent, signal: AbortSignal.timeout(CALL_TIMEOUT_MS), ...post })
  const text = await answer.body.text()
  if (answer.statusCode === 429 || answer.statusCode >= 500) throw new Error(`HTTP ${answer.statusCode}`)
  const json: unknown = JSON.parse(text)
  if (answer.statusCode < 400) return { ok: true, value: schema.parse(json) }
  const told = ErrorAnswer.safeParse(json)
  return failed('no_route', told.success ? [told.data.errorCode, told.data.error].filter(Boolean).join(': ') : `HTTP ${answer.statusCode}`)
}

const failed = (kind: VenueError['kind'], detail: string): { ok: false; error: VenueError } => ({ ok: false, error: { kind, detail } })

/** SPKI header of a raw Ed25519 public key (RFC 8410). */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

const isSignature = (publicKey: string, message: Uint8Array, signature: Uint8Array): boolean => {
  const key = createPublicKey({ key: Buffer.concat([SPKI_ED25519, new PublicKey(publicKey).toBytes()]), format: 'der', type: 'spki' })
  return verify(null, message, key, signature)
}
