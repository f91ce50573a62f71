import { z } from 'zod'
import { At, Compensation, Units } from '../fields.ts'

/**
 * Ledger and chain do not agree about a wallet, with nothing under way that would explain it: seen several times, at finalised slots.
 * `ledger` is what the wallet should hold by this very revision, and `chain` what it holds; base units.
 */
export const LedgerDivergenceFound = z.object({
  /** `<asset>-<revision of this event>` */
  divergenceId: z.string(),
  asset: z.string(),
  ledger: Units,
  chain: Units,
  slot: z.number().int().nonnegative(),
  at: At,
})

/** They agree again, or (`changed`) they differ by another amount, which has an event of its own. */
export const LedgerDivergenceResolved = z.object({
  divergenceId: z.string(),
  asset: z.string(),
  resolution: z.enum(['equal', 'changed']),
  ledger: Units,
  chain: Units,
  slot: z.number().int().nonnegative(),
  at: At,
})

/** One actor asks for a correction by hand; another one has to approve it before it expires. */
export const LedgerCorrectionRequested = z.object({
  correctionId: z.string(),
  asset: z.string(),
  decimals: z.number().int(),
  /** Base units, signed: what the account is given, or (negative) what is taken from it. */
  amount: Units,
  reason: z.string(),
  by: z.string(),
  /** ms since the epoch */
  expiresAt: At,
  at: At,
})

/** Approved by a second actor: the account's money and the house's other side of it. */
export const LedgerCorrected = z.object({
  correctionId: z.string(),
  asset: z.string(),
  amount: Units,
  reason: z.string(),
  requestedBy: z.string(),
  approvedBy: z.string(),
  /** Revision of the request. */
  request: Units,
  /** The divergence of the asset that was open; null: none was. */
  divergenceId: z.string().nullable(),
  compensates: Compensation,
  at: At,
})

/** Nothing was corrected: an actor refused it, or nobody approved it in time. */
export const LedgerCorrectionRejected = z.object({
  correctionId: z.string(),
  by: z.string(),
  reason: z.string(),
  expired: z.boolean(),
  at: At,
})
