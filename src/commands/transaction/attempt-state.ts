import type { Map as ImmutableMap } from 'immutable'
import type { DataOf } from '../../events/account/account-event.ts'
import type { Costs, DurableNonce } from '../../events/account/transaction-events.ts'
import type { BookedTrade } from '../order/bust.ts'

export type AttemptPhase = 'open' | 'landed' | 'failed' | 'expired'

/** What the attempt's last landing brought, to be taken back to the unit if it vanishes. */
export type Booked =
  | ({ readonly kind: 'trade' } & BookedTrade)
  | { readonly kind: 'credit'; readonly asset: string; readonly amount: bigint }

/** A signed transaction of the account. */
export interface AttemptState {
  readonly ref: string
  readonly attempt: number
  readonly purpose: DataOf<'TransactionSigned'>['purpose']
  readonly phase: AttemptPhase
  readonly signature: string
  /** Base64; null once the attempt has landed, failed or expired. One that vanished is read back from its event (signed-bytes.ts). */
  readonly rawBytes: string | null
  /** Revision of its TransactionSigned. */
  readonly signedRevision: bigint
  readonly lastValidBlockHeight: number
  readonly minSlot: number
  /** The durable nonce it lives by; null: a blockhash. */
  readonly nonce: DurableNonce | null
  /** Under which the venue lands it; null: we do. */
  readonly venueRequestId: string | null
  readonly signedAt: number
  /** Landings so far: 0 while it never landed. */
  readonly generation: number
  readonly slot: number | null
  /** A TransactionOutcomeUnknown was recorded and not resolved yet. */
  readonly unknown: boolean
  /** Finalised: this outcome can't change any more. */
  readonly final: boolean
  readonly booked: Booked | null
  /** Lamports of its last landing, as its event has them: given back to the house if it vanishes. Null when nothing is booked. */
  readonly costs: Costs | null
}

/** The attempts of an account as its fold keeps them. */
export interface Attempts {
  /** Newest attempt by ref: kept as long as its order or deposit is in the fold, for its number. */
  readonly attempts: ImmutableMap<string, AttemptState>
  /** Attempts that a newer one of the same ref has superseded and that can still change, by `<ref>#<attempt>`. */
  readonly earlier: ImmutableMap<string, AttemptState>
}

export const earlierKey = (ref: string, attempt: number): string => `${ref}#${attempt}`

export const findAttempt = (all: Attempts, ref: string, attempt: number): AttemptState | undefined => {
  const newest = all.attempts.get(ref)
  return newest?.attempt === attempt ? newest : all.earlier.get(earlierKey(ref, attempt))
}

/** The account's own transaction of this signature, as long as it is in the fold. */
export const attemptBySignature = (all: Attempts, signature: string): AttemptState | undefined => {
  const isIt = (attempt: AttemptState): boolean => attempt.signature === signature
  return all.attempts.find(isIt) ?? all.earlier.find(isIt)
}

/** A transaction of this ref can still land, other than `except`. */
export const hasOpenAttempt = (all: Attempts, ref: string, except?: AttemptState): boolean => {
  const newest = all.attempts.get(ref)
  if (newest?.phase === 'open' && newest !== except) return true
  return all.earlier.some((other) => other.ref === ref && other.phase === 'open' && other !== except)
}

/** No transaction of this ref can change any more: the order or deposit, once ended, may leave the fold. */
export const isRefSettled = (all: Attempts, ref: string): boolean => {
  const newest = all.attempts.get(ref)
  return (newest === undefined || isSettled(newest)) && !all.earlier.some((other) => other.ref === ref)
}

export const isSettled = (attempt: AttemptState): boolean => attempt.phase === 'expired' || attempt.final

/** A failure that a fork may still turn into a success: the same bytes could land beside those of a next attempt. */
export const mayStillSucceed = (all: Attempts, ref: string): boolean => {
  const isDoubtful = (attempt: AttemptState): boolean => attempt.ref === ref && attempt.phase === 'failed' && !attempt.final
  const newest = all.attempts.get(ref)
  return (newest !== undefined && isDoubtful(newest)) || all.earlier.some(isDoubtful)
}

/** Attempts that landed or failed on the chain and are not final: settlement watches them until they are, or vanish. */
export const awaitingFinality = (all: Attempts): readonly AttemptState[] =>
  [...all.attempts.values(), ...all.earlier.values()].filter((a) => (a.phase === 'landed' || a.phase === 'failed') && !a.final)

/** Something of the account is on its way to the chain, or not final there. */
export const inFlight = ({ attempts, earlier }: Attempts): boolean => {
  const isUnsettled = (attempt: AttemptState): boolean => !isSettled(attempt)
  return attempts.some(isUnsettled) || earlier.some(isUnsettled)
}

/** Attempts whose bytes are to be sent and watched. */
export const openAttempts = (all: Attempts): readonly AttemptState[] =>
  [...all.attempts.values(), ...all.earlier.values()].filter((a) => a.phase === 'open')
