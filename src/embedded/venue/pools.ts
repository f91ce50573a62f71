import { readFileSync } from 'node:fs'
import { z } from 'zod'

const Side = z.object({ symbol: z.string(), mint: z.string(), decimals: z.number().int(), vault: z.string() })
const PoolFile = z.object({
  programId: z.string(),
  createdAt: z.string(),
  pools: z.array(z.object({ symbol: z.string(), pool: z.string(), feeBps: z.number().int(), base: Side, quote: Side })),
})

export type PoolSide = z.infer<typeof Side>
export type PoolEntry = z.infer<typeof PoolFile>['pools'][number]

/** A pool seen from one direction of a swap. */
export interface Route {
  readonly pool: PoolEntry
  readonly input: PoolSide
  readonly output: PoolSide
}

/** The pools the venue routes over. */
export interface Pools {
  readonly all: readonly PoolEntry[]
  readonly createdAt: string
  tradable(mint: string): boolean
  route(inputMint: string, outputMint: string): Route | undefined
}

/** Reads the file that the local chain writes at its start. */
export const readPools = (path: string): Pools => {
  const { pools, createdAt } = PoolFile.parse(JSON.parse(readFileSync(path, 'utf8')))
  return {
    all: pools,
    createdAt,
    tradable: (mint) => pools.some(({ base, quote }) => base.mint === mint || quote.mint === mint),
    route: (inputMint, outputMint) => {
      for (const pool of pools) {
        const { base, quote } = pool
        if (base.mint === inputMint && quote.mint === outputMint) return { pool, input: base, output: quote }
        if (quote.mint === inputMint && base.mint === outputMint) return { pool, input: quote, output: base }
      }
      return undefined
    },
  }
}
