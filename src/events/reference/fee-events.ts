import { z } from 'zod'
import { At } from '../fields.ts'

/** What trades of an instrument are charged, by tier of the account; replaces the version before for orders accepted from now on. */
export const FeeScheduleDefined = z.object({
  symbol: z.string(),
  version: z.number().int().positive(),
  /** Ascending; the first is tier 0. An account whose tier has no row pays by the next lower one. */
  tiers: z.array(z.object({ tier: z.number().int().nonnegative(), bps: z.number().int().nonnegative() })).min(1),
  by: z.string(),
  at: At,
})
