import { createAssociatedTokenAccountIdempotentInstruction } from '@solana/spl-token'
import { PublicKey } from '@solana/web3.js'
import { PRICE_DECIMALS, pow10 } from '../../platform/decimal.ts'
import { tokenAccountOf } from '../../rpc/account-reads.ts'
import type { SwapQuote, SwapRequest, SwapVenue, VenueAnswer } from '../../rpc/venue/venue.ts'
import type { Buggify } from '../kernel/buggify.ts'
import type { Machine } from '../kernel/machine.ts'
import type { Random } from '../kernel/random.ts'
import type { BlockChain } from './block-chain.ts'
import { otherSide, swapInstruction } from './market.ts'

export interface VenuePortOptions {
  readonly chain: BlockChain
  readonly machine: Machine
  readonly random: Random
  readonly buggify: Buggify
}

/** One process's way to the venue: quotes and swaps over the simulated chain's pools. */
export const venuePort = ({ chain, machine, random, buggify }: VenuePortOptions): SwapVenue => {
  const ask = <T>(answer: () => VenueAnswer<T>): Promise<VenueAnswer<T>> => {
    if (buggify('venue_away')) return machine.call(random.between(50, 3_000), 1, () => refuse('unavailable', 'the venue does not answer'))
    return machine.call(0, random.between(10, 160), () => (buggify('no_route') ? refuse('no_route', 'no route found') : answer()))
  }
  const pairOf = ({ inputMint, outputMint }: SwapRequest) => {
    const pair = chain.instruments.findIndex(
      ({ base, quote }) => [base.mint, quote.mint].sort().join() === [inputMint, outputMint].sort().join(),
    )
    const instrument = chain.instruments[pair]
    return instrument && { pair, instrument, baseIn: instrument.base.mint === inputMint }
  }
  const quoted = (request: SwapRequest): VenueAnswer<SwapQuote> => {
    const found = pairOf(request)
    if (!found) return refuse('no_route', 'not traded here')
    const pool = chain.state.pool(found.instrument.symbol)
    const [reserveIn, reserveOut] = found.baseIn ? [pool.base, pool.quote] : [pool.quote, pool.base]
    const other = otherSide(reserveIn, reserveOut, request.mode, request.amount)
    if (other === undefined) return refuse('no_route', 'the pool has not enough')
    const [inAmount, outAmount] = request.mode === 'exact_in' ? [request.amount, other] : [other, request.amount]
    return { ok: true, value: { request, inAmount, outAmount, route: [found.instrument.symbol] } }
  }

  return {
    quote: (request) => ask(() => quoted(request)),
    build: (request, { limit, payer }) =>
      ask(() => {
        const quote = quoted(request)
        if (!quote.ok) return quote
        const { inAmount, outAmount } = quote.value
        if (request.mode === 'exact_in' ? outAmount < limit : inAmount > limit)
          return refuse('beyond_limit', 'the price is beyond the limit')
        const { pair, baseIn } = pairOf(request)!
        const account = (mint: string): PublicKey => tokenAccountOf({ owner: request.taker, mint })
        const [userIn, userOut] = [account(request.inputMint), account(request.outputMint)]
        const taker = new PublicKey(request.taker)
        return {
          ok: true,
          value: {
            quote: quote.value,
            threshold: limit,
            computeBudget: [],
            lookupTables: [],
            cosigners: [],
            instructions: [
              createAssociatedTokenAccountIdempotentInstruction(new PublicKey(payer), userOut, taker, new PublicKey(request.outputMint)),
              swapInstruction({ mode: request.mode, pair, baseIn, amount: request.amount, limit }, request.taker, userIn, userOut),
            ],
          },
        }
      }),
    prices: (mints) =>
      ask(() => {
        const { slot } = chain.head()
        const one = pow10(PRICE_DECIMALS)
        return {
          ok: true,
          value: mints.flatMap((mint) => {
            const instrument = chain.instruments.find(({ base }) => base.mint === mint)
            // everything is quoted in USDC, which is a dollar here
            if (!instrument) return [{ mint, price: one, slot }]
            const { base, quote } = chain.state.pool(instrument.symbol)
            const price = (quote * one * pow10(instrument.base.decimals)) / (base * pow10(instrument.quote.decimals))
            return [{ mint, price, slot }]
          }),
        }
      }),
    health: () => ({ ready: true }),
    close: async () => undefined,
  }
}

const refuse = (kind: 'no_route' | 'beyond_limit' | 'unavailable', detail: string) => ({ ok: false, error: { kind, detail } }) as const
