import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import { createTransferCheckedInstruction } from '@solana/spl-token'
import { PublicKey, type TransactionInstruction, TransactionMessage, VersionedMessage } from '@solana/web3.js'
import { z } from 'zod'
import { type Chain, tokenAmounts, tokenAmountsCall } from './chain.ts'
import { tokenAddress } from './instructions.ts'
import type { Pools } from './pools.ts'
import { isRefusal, parseQuery, type Refusal, refuse, type SwapQuery } from './request.ts'
import type { Maker } from './rfq-maker.ts'

/** Quotes and signatures of the local maker. Firm for a short time, and for one signature. */
export interface Rfq {
  /** GET /rfq/v1/quote: inputMint, outputMint, amount, swapMode, taker. */
  quote(search: URLSearchParams): Promise<object | Refusal>
  /** POST /rfq/v1/sign {quoteId, message}: its signature of a message that does exactly what was quoted. */
  sign(body: unknown): Promise<object | Refusal>
}

/** Around the pool's mid, and tighter than the pool's own fee: small orders are better off here. */
const SPREAD_BPS = 10n
/** Beyond this part of the pool's reserve the maker could not cover itself there. */
const MOST_PART = 500n
const LIVES_MS = 10_000
/** The mid moved further against the maker since: it does not sign. */
const LAST_LOOK_BPS = 20n
const BPS = 10_000n

interface Firm {
  readonly query: SwapQuery
  readonly taker: string
  readonly inAmount: bigint
  readonly outAmount: bigint
  readonly until: number
}

export const createRfq = (chain: Chain, pools: Pools, maker: Maker): Rfq => {
  const firm = new Map<string, Firm>()
  const address = maker.key.publicKey.toBase58()

  const price = async (query: SwapQuery): Promise<{ inAmount: bigint; outAmount: bigint } | Refusal> => {
    const { input, output } = query.route
    const [answer] = await chain.batch([tokenAmountsCall([input.vault, output.vault])])
    const [reserveIn, reserveOut] = tokenAmounts(answer).amounts
    if (!reserveIn || !reserveOut) return refuse('NO_ROUTES_FOUND', 'No routes found')
    const exactIn = query.swapMode === 'ExactIn'
    const inAmount = exactIn ? query.units : divideUp(query.units * reserveIn * BPS, reserveOut * (BPS - SPREAD_BPS))
    const outAmount = exactIn ? (query.units * reserveOut * (BPS - SPREAD_BPS)) / (reserveIn * BPS) : query.units
    if (outAmount === 0n || outAmount > reserveOut / MOST_PART) return refuse('NO_QUOTE', 'The maker does not quote this size')
    return { inAmount, outAmount }
  }

  const forget = (now: number): void => {
    for (const [id, { until }] of firm) if (until < now) firm.delete(id)
  }

  return {
    quote: async (search) => {
      const query = parseQuery(search, pools)
      if (isRefusal(query)) return query
      if (!query.taker) return refuse('INVALID_REQUEST', 'taker: is needed')
      const amounts = await price(query)
      if (isRefusal(amounts)) return amounts
      const { input, output } = query.route
      // Both accounts of the maker come with its first stock.
      if (!(await maker.holds(output, amounts.outAmount)) || !(await maker.holds(input, 0n)))
        return refuse('NO_QUOTE', 'The maker is fetching funds')
      const now = Date.now()
      forget(now)
      const quoteId = randomUUID()
      firm.set(quoteId, { query, taker: query.taker, ...amounts, until: now + LIVES_MS })
      return {
        quoteId,
        maker: address,
        inputMint: input.mint,
        outputMint: output.mint,
        inAmount: String(amounts.inAmount),
        outAmount: String(amounts.outAmount),
        inputDecimals: input.decimals,
        outputDecimals: output.decimals,
        expiresAt: new Date(now + LIVES_MS).toISOString(),
      }
    },
    sign: async (body) => {
      const parsed = Body.safeParse(body)
      if (!parsed.success) return refuse('INVALID_REQUEST', 'quoteId and message (base64) are needed')
      const quote = firm.get(parsed.data.quoteId)
      firm.delete(parsed.data.quoteId)
      if (!quote || quote.until < Date.now()) return refuse('QUOTE_EXPIRED', 'No such quote, or it was used, or it is too old')
      const bytes = Buffer.from(parsed.data.message, 'base64')
      const fault = faultOf(bytes, quote, maker.key.publicKey)
      if (fault !== undefined) return refuse('NOT_AS_QUOTED', fault)
      const now = await price(quote.query)
      if (isRefusal(now) || isWorse(quote, now)) return refuse('PRICE_MOVED', 'The price has moved')
      return { signature: sign(null, bytes, privateKey(maker.key.secretKey)).toString('base64') }
    },
  }
}

const Body = z.object({ quoteId: z.string(), message: z.base64() })

/** The maker would now give less, or want more, by more than the last look forgives. */
const isWorse = (quote: Firm, now: { readonly inAmount: bigint; readonly outAmount: bigint }): boolean =>
  quote.query.swapMode === 'ExactIn'
    ? now.outAmount * BPS < quote.outAmount * (BPS - LAST_LOOK_BPS)
    : now.inAmount * (BPS - LAST_LOOK_BPS) > quote.inAmount * BPS

/** What in a message is not the two legs of the quote; nothing else in it may touch the maker. */
const faultOf = (bytes: Uint8Array, quote: Firm, maker: PublicKey): string | undefined => {
  const message = readMessage(bytes)
  if (!message) return 'no message without lookup tables'
  if (message.payerKey.equals(maker)) return 'the maker pays no fees'
  const { route } = quote.query
  const leg = ({ mint, decimals }: { mint: string; decimals: number }, from: string, to: string, amount: bigint) =>
    createTransferCheckedInstruction(
      ...([tokenAddress(mint, from), new PublicKey(mint), tokenAddress(mint, to), new PublicKey(from), amount, decimals] as const),
    )
  const payment = leg(route.input, quote.taker, maker.toBase58(), quote.inAmount)
  const delivery = leg(route.output, maker.toBase58(), quote.taker, quote.outAmount)
  const touching = message.instructions.filter(({ keys }) => keys.some(({ pubkey, isSigner }) => isSigner && pubkey.equals(maker)))
  if (touching.length !== 1 || !same(touching[0], delivery)) return 'the maker delivers something else'
  return message.instructions.some((instruction) => same(instruction, payment)) ? undefined : 'the maker is not paid as quoted'
}

const readMessage = (bytes: Uint8Array): TransactionMessage | undefined => {
  try {
    return TransactionMessage.decompile(VersionedMessage.deserialize(bytes))
  } catch {
    return undefined
  }
}

const same = (a: TransactionInstruction | undefined, b: TransactionInstruction): boolean =>
  a?.programId.equals(b.programId) === true &&
  a.keys.length === b.keys.length &&
  a.keys.every(({ pubkey }, i) => pubkey.equals(b.keys[i]!.pubkey)) &&
  Buffer.compare(a.data, b.data) === 0

const divideUp = (a: bigint, b: bigint): bigint => (a + b - 1n) / b

/** PKCS #8 header of a raw Ed25519 private key (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const privateKey = (secret: Uint8Array) =>
  createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, secret.subarray(0, 32)]), format: 'der', type: 'pkcs8' })
