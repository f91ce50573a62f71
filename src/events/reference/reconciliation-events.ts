import { z } from 'zod'
import { At } from '../fields.ts'

/** One look at every wallet of a slice group is over. Once for each group and window, whoever looked. */
export const ReconciliationCompleted = z.object({
  /** `<group>-<window>` */
  runId: z.string(),
  group: z.number().int().nonnegative(),
  /** Number of the time window, from the epoch. */
  window: z.number().int().nonnegative(),
  windowMs: z.number().int().positive(),
  /** Wallets looked at, and balances compared. */
  accounts: z.number().int().nonnegative(),
  balances: z.number().int().nonnegative(),
  /** Balances that something under way explains, or that have to be seen again. */
  inFlight: z.number().int().nonnegative(),
  /** Balances that differ and are on record in their accounts. */
  diverged: z.number().int().nonnegative(),
  /** Newest finalised slot that was read. */
  slot: z.number().int().nonnegative(),
  at: At,
})
