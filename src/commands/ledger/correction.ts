import { createHash } from 'node:crypto'
import type { Asset } from '../../events/reference/reference-event.ts'
import { formatUnits } from '../../platform/decimal.ts'

/** A correction by hand that waits for its second actor. */
export interface CorrectionState {
  readonly correctionId: string
  readonly asset: string
  readonly decimals: number
  /** Base units, signed. */
  readonly amount: bigint
  readonly reason: string
  readonly by: string
  readonly expiresAt: number
  readonly requestedRevision: bigint
}

/** Ledger and chain differ about an asset, on record and not resolved. */
export interface DivergenceState {
  readonly divergenceId: string
  readonly ledger: bigint
  readonly chain: bigint
  readonly at: number
}

/** Commands that hold the ledger against the chain, and that correct it by hand. */
export type CorrectionCommand =
  /** What the finalised chain had at a slot, seen often enough to be no moment's difference. */
  | { readonly type: 'CompareWithChain'; readonly asset: string; readonly chain: bigint; readonly slot: number }
  | {
      readonly type: 'RequestCorrection'
      readonly correctionId: string
      readonly asset: Asset
      readonly amount: bigint
      readonly reason: string
      readonly by: string
    }
  | { readonly type: 'ApproveCorrection'; readonly correctionId: string; readonly by: string }
  | { readonly type: 'RejectCorrection'; readonly correctionId: string; readonly by: string; readonly reason: string }
  /** The timer's word that nobody approved it in time. */
  | { readonly type: 'ExpireCorrection'; readonly correctionId: string }

/** Whoever approves looks at the same balances as who asked: an hour later they are others. */
export const CORRECTION_VALID_MS = 3_600_000
/** Each waits in the fold and its snapshot; people who ask for more have lost track. */
export const MAX_OPEN_CORRECTIONS = 20

/** Id of the command that asks for it. */
export const correctionCommandId = (correctionId: string): string => `k-${correctionId}`

/** First 32 hex of the SHA-256 of the terms: the same id with another hash is a conflict. */
export const correctionTermsHash = (asset: string, amount: bigint, reason: string): string =>
  createHash('sha256').update(`${asset}|${amount}|${reason}`, 'utf8').digest('hex').slice(0, 32)

/** The correction as HTTP answers it. */
export const correctionDocument = (
  accountId: string,
  { correctionId, asset, decimals, amount, reason, by, expiresAt }: CorrectionState,
  decided: { readonly status: 'requested' | 'corrected' | 'rejected' | 'expired'; readonly decidedBy?: string; readonly decision?: string },
) => ({
  correctionId: `${accountId}.${correctionId}`,
  accountId,
  asset,
  amount: formatUnits(amount, decimals),
  reason,
  requestedBy: by,
  expiresAt: new Date(expiresAt).toISOString(),
  ...decided,
})
