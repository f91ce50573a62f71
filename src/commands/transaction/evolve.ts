import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import { type AttemptState, type Attempts, type Booked, earlierKey, findAttempt, isSettled } from './attempt-state.ts'

export type TransactionEvent = Extract<AccountEvent, { type: `Transaction${string}` }>

/** The account's attempts after a Transaction… event. */
export const evolveAttempts = (all: Attempts, event: TransactionEvent, revision: bigint): Attempts => {
  switch (event.type) {
    case 'TransactionSigned':
      return sign(all, event.data, revision)
    case 'TransactionLanded':
    case 'TransactionLandedLate': {
      const { fee, priorityFee, tip, rent } = event.data
      return change(all, event.data, (a) => ({ ...a, phase: 'landed', ...executed(event.data), costs: { fee, priorityFee, tip, rent } }))
    }
    case 'TransactionFailed': {
      const { fee, priorityFee } = event.data
      return change(all, event.data, (a) => ({
        ...a,
        phase: 'failed',
        ...executed(event.data),
        costs: { fee, priorityFee, tip: '0', rent: '0' },
      }))
    }
    case 'TransactionExpired':
      return change(all, event.data, (a) => ({ ...a, phase: 'expired', rawBytes: null, unknown: false }))
    case 'TransactionOutcomeUnknown':
      return change(all, event.data, (a) => ({ ...a, unknown: true }))
    case 'TransactionVanished':
      return change(all, event.data, (a) => ({ ...a, phase: 'open', slot: null, booked: null, costs: null }))
    case 'TransactionsFinalized':
      return event.data.transactions.reduce<Attempts>(
        (next, each) => change(next, each, (a) => (a.generation === each.generation ? { ...a, final: true } : a)),
        all,
      )
    default:
      return event satisfies never
  }
}

/** Remembers what a landing brought. */
export const bookOn = (all: Attempts, ref: string, attempt: number, booked: (before: Booked | null) => Booked | null): Attempts =>
  change(all, { ref, attempt }, (a) => ({ ...a, booked: booked(a.booked) }))

const sign = (all: Attempts, data: DataOf<'TransactionSigned'>, revision: bigint): Attempts => {
  const before = all.attempts.get(data.ref)
  const earlier = before && !isSettled(before) ? all.earlier.set(earlierKey(before.ref, before.attempt), before) : all.earlier
  const attempt: AttemptState = {
    ref: data.ref,
    attempt: data.attempt,
    purpose: data.purpose,
    phase: 'open',
    signature: data.signature,
    rawBytes: data.rawBytes,
    signedRevision: revision,
    lastValidBlockHeight: data.lastValidBlockHeight,
    minSlot: data.minSlot,
    nonce: data.nonce ?? null,
    venueRequestId: data.venueRequestId ?? null,
    signedAt: data.at,
    generation: 0,
    slot: null,
    unknown: false,
    final: false,
    booked: null,
    costs: null,
  }
  return { attempts: all.attempts.set(data.ref, attempt), earlier }
}

const executed = ({ generation, slot }: { readonly generation: number; readonly slot: number }) => ({
  generation,
  slot,
  rawBytes: null,
  unknown: false,
  booked: null,
})

const change = (
  all: Attempts,
  key: { readonly ref: string; readonly attempt: number },
  to: (attempt: AttemptState) => AttemptState,
): Attempts => {
  const found = findAttempt(all, key.ref, key.attempt)
  if (!found) return all
  const next = to(found)
  if (all.attempts.get(key.ref) === found) return { ...all, attempts: all.attempts.set(key.ref, next) }
  const id = earlierKey(key.ref, key.attempt)
  return { ...all, earlier: isSettled(next) ? all.earlier.delete(id) : all.earlier.set(id, next) }
}
