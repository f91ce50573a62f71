import { type Chain, tokenAmounts, tokenAmountsCall } from './chain.ts'
import type { PoolEntry, Pools } from './pools.ts'
import { type Refusal, refuse } from './request.ts'

/**
 * GET /price/v3?ids=mint,…: mid prices in US dollars of all asked mints at one slot, in Jupiter's shape. Mints without a price
 * are left out, as there. `price` is ours: the same number as an exact decimal string, since a float is no money.
 */
export const prices = async (chain: Chain, pools: Pools, search: URLSearchParams): Promise<object | Refusal> => {
  const ids = (search.get('ids') ?? '').split(',').filter(Boolean)
  if (ids.length === 0) return refuse('INVALID_REQUEST', 'ids: is needed')
  if (ids.length > MAX_IDS) return refuse('INVALID_REQUEST', `ids: at most ${MAX_IDS}`)
  const asked = pools.all.filter((pool) => ids.includes(pool.base.mint) || ids.includes(pool.quote.mint))
  if (asked.length === 0) return {}
  const [answer] = await chain.batch([tokenAmountsCall(asked.flatMap(({ base, quote }) => [base.vault, quote.vault]))])
  const { slot, amounts } = tokenAmounts(answer)
  const found: Record<string, object> = {}
  const add = (mint: string, decimals: number, price: string, liquidity: number) => {
    if (!ids.includes(mint)) return
    found[mint] = { usdPrice: Number(price), price, blockId: slot, decimals, liquidity, createdAt: pools.createdAt }
  }
  asked.forEach((pool, i) => {
    const [base, quote] = [amounts[2 * i], amounts[2 * i + 1]]
    if (!base || !quote) return
    // Every pool is quoted in USDC, which stands for the dollar here; both sides of a pool are worth the same.
    const liquidity = (2 * Number(quote)) / 10 ** pool.quote.decimals
    add(pool.base.mint, pool.base.decimals, midPrice(pool, base, quote), liquidity)
    add(pool.quote.mint, pool.quote.decimals, '1', liquidity)
  })
  return found
}

/** As at Jupiter. */
const MAX_IDS = 50
/** Enough for a price of a millionth of a millionth, rounded half-even. */
const PLACES = 18

/** Quote per whole base as a canonical decimal. */
const midPrice = (pool: PoolEntry, base: bigint, quote: bigint): string => {
  const numerator = quote * 10n ** BigInt(pool.base.decimals + PLACES)
  const denominator = base * 10n ** BigInt(pool.quote.decimals)
  const floor = numerator / denominator
  const twice = (numerator % denominator) * 2n
  const rounded = twice > denominator || (twice === denominator && floor % 2n === 1n) ? floor + 1n : floor
  const digits = rounded.toString().padStart(PLACES + 1, '0')
  const fraction = digits.slice(-PLACES).replace(/0+$/, '')
  return fraction ? `${digits.slice(0, -PLACES)}.${fraction}` : digits.slice(0, -PLACES)
}
