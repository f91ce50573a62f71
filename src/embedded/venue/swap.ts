import { randomUUID } from 'node:crypto'
import { ComputeBudgetProgram, PublicKey, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'
import { z } from 'zod'
import { type Chain, read, tokenAmounts, tokenAmountsCall } from './chain.ts'
import { instructionJson, swapInstructions, tokenAddress } from './instructions.ts'
import type { Pools } from './pools.ts'
import { type Quote, quoteFields, quoteSwap } from './quote.ts'
import { isRefusal, parseQuery, type Refusal, refuse, type SwapQuery } from './request.ts'

/** GET /swap/v2/build: a quote with the instructions that make it, to be assembled, signed and landed by the caller. */
export const build = async (chain: Chain, pools: Pools, search: URLSearchParams): Promise<object | Refusal> => {
  const query = parseQuery(search, pools)
  if (isRefusal(query)) return query
  if (!query.taker) return refuse('INVALID_REQUEST', 'taker: is needed')
  const seen = await look(chain, query, query.taker)
  if (isRefusal(seen)) return seen
  const groups = swapInstructions(query, seen.quote, query.taker, seen.held.output !== undefined)
  return {
    ...quoteFields(query, seen.quote),
    computeBudgetInstructions: groups.computeBudget.map(instructionJson),
    setupInstructions: groups.setup.map(instructionJson),
    swapInstruction: instructionJson(groups.swap),
    cleanupInstruction: null,
    otherInstructions: [],
    tipInstruction: null,
    addressesByLookupTableAddress: {},
    blockhashWithMetadata: {
      // Bytes, not base58: so it is at Jupiter.
      blockhash: [...bs58.decode(seen.blockhash)],
      lastValidBlockHeight: seen.lastValidBlockHeight,
      fetchedAt: { secs_since_epoch: Math.floor(Date.now() / 1000), nanos_since_epoch: 0 },
    },
  }
}

/** GET /swap/v2/order: a quote and, with a taker, the whole transaction for /execute. ExactOut and `payer` are ours, not Jupiter's. */
export const order = async (chain: Chain, pools: Pools, search: URLSearchParams): Promise<object | Refusal> => {
  const query = parseQuery(search, pools)
  if (isRefusal(query)) return query
  const seen = await look(chain, query, query.taker)
  if (isRefusal(seen)) return seen
  const { quote } = seen
  const base = {
    mode: 'manual',
    ...quoteFields(query, quote),
    feeBps: 0,
    feeMint: query.inputMint,
    router: 'metis',
    swapType: 'aggregator',
    gasless: query.payer !== undefined && query.payer !== query.taker,
    taker: query.taker ?? null,
    requestId: randomUUID(),
  }
  if (!query.taker) return { ...base, transaction: null }
  if ((seen.held.input ?? 0n) < quote.inAmount)
    return { ...base, transaction: '', errorCode: 1, errorMessage: 'Insufficient funds', error: 'Insufficient funds' }
  return {
    ...base,
    transaction: assemble(query, quote, query.taker, seen),
    lastValidBlockHeight: String(seen.lastValidBlockHeight),
    signatureFeeLamports: 5_000 * (base.gasless ? 2 : 1),
  }
}

interface Seen {
  readonly quote: Quote
  readonly held: { readonly input: bigint | undefined; readonly output: bigint | undefined }
  readonly blockhash: string
  readonly lastValidBlockHeight: number
}

const Blockhash = z.object({ value: z.object({ blockhash: z.string(), lastValidBlockHeight: z.number() }) })

/** Reserves, the taker's balances and a blockhash in one round trip, and the quote they give. */
const look = async (chain: Chain, query: SwapQuery, taker: string | undefined): Promise<Seen | Refusal> => {
  const { input, output } = query.route
  const owned = taker ? [tokenAddress(input.mint, taker), tokenAddress(output.mint, taker)].map(String) : []
  const [accounts, latest] = await chain.batch([
    tokenAmountsCall([input.vault, output.vault, ...owned]),
    // Confirmed: every endpoint knows it, and it lives almost as long as the newest.
    { method: 'getLatestBlockhash', params: [{ commitment: 'confirmed' }] },
  ])
  const { slot, amounts } = tokenAmounts(accounts)
  const [reserveIn, reserveOut, heldInput, heldOutput] = amounts
  if (reserveIn === undefined || reserveOut === undefined) return refuse('NO_ROUTES_FOUND', 'No routes found')
  const quote = quoteSwap(query, reserveIn, reserveOut, slot)
  if (isRefusal(quote)) return quote
  return { quote, held: { input: heldInput, output: heldOutput }, ...read(Blockhash, latest).value }
}

/** Units that a swap with a new token account needs, with room. */
const UNIT_LIMIT = 120_000

const assemble = (query: SwapQuery, quote: Quote, taker: string, seen: Seen): string => {
  const groups = swapInstructions(query, quote, taker, seen.held.output !== undefined)
  const message = new TransactionMessage({
    payerKey: new PublicKey(query.payer ?? taker),
    recentBlockhash: seen.blockhash,
    instructions: [ComputeBudgetProgram.setComputeUnitLimit({ units: UNIT_LIMIT }), ...groups.computeBudget, ...groups.setup, groups.swap],
  })
  return Buffer.from(new VersionedTransaction(message.compileToV0Message()).serialize()).toString('base64')
}
