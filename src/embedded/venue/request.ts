import { PublicKey } from '@solana/web3.js'
import { z } from 'zod'
import type { Pools, Route } from './pools.ts'

/** A refusal in Jupiter's shape. */
export interface Refusal {
  readonly status: number
  readonly errorCode: string
  readonly error: string
}

export const refuse = (errorCode: string, error: string, status = 400): Refusal => ({ status, errorCode, error })
export const isRefusal = (value: object): value is Refusal => 'errorCode' in value && 'status' in value

const Address = z.string().refine((text) => {
  try {
    return new PublicKey(text).toBase58() === text
  } catch {
    return false
  }
}, 'not an address')

const Query = z.object({
  inputMint: Address,
  outputMint: Address,
  amount: z.string().regex(/^[1-9]\d{0,19}$/, 'a whole number of base units'),
  swapMode: z.enum(['ExactIn', 'ExactOut']).default('ExactIn'),
  /** Jupiter's default. */
  slippageBps: z.coerce.number().int().min(0).max(10_000).default(50),
  taker: Address.optional(),
  payer: Address.optional(),
  /** Jupiter's default is true; here a trader's SOL always stays wrapped in its token account. */
  wrapAndUnwrapSol: z.literal('false', 'only false is supported here').default('false'),
})

export interface SwapQuery extends z.infer<typeof Query> {
  readonly route: Route
  readonly units: bigint
}

const U64_MAX = (1n << 64n) - 1n

/** Reads a swap's query string; a refusal where it is malformed or no pool serves it. */
export const parseQuery = (query: URLSearchParams, pools: Pools): SwapQuery | Refusal => {
  const parsed = Query.safeParse(Object.fromEntries(query))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return refuse('INVALID_REQUEST', `${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { inputMint, outputMint, amount } = parsed.data
  const units = BigInt(amount)
  if (units > U64_MAX) return refuse('INVALID_REQUEST', 'amount: beyond 64 bits')
  if (inputMint === outputMint) return refuse('CIRCULAR_ARBITRAGE_IS_DISABLED', 'Input and output mint are the same')
  for (const mint of [inputMint, outputMint]) {
    if (!pools.tradable(mint)) return refuse('TOKEN_NOT_TRADABLE', `The token ${mint} is not tradable`)
  }
  const route = pools.route(inputMint, outputMint)
  return route ? { ...parsed.data, route, units } : refuse('NO_ROUTES_FOUND', 'No routes found')
}
