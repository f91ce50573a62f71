import { VersionedTransaction } from '@solana/web3.js'
import { SECOND_EXECUTION } from '../../commands/account/book-outcome.ts'
import type { AccountCommand } from '../../commands/account/command.ts'
import type { AccountState } from '../../commands/account/state.ts'
import { type AttemptState, openAttempts } from '../../commands/transaction/attempt-state.ts'
import { signedBytes } from '../../commands/transaction/signed-bytes.ts'
import { proveAbsence, proveNonceSpent } from '../../rpc/absence.ts'
import type { Sender } from '../../rpc/send/sender.ts'
import { costsOf } from '../landing/costs.ts'
import { laneOf } from '../landing/lane.ts'
import { bookSecondExecution } from './late.ts'
import { managedSender } from './managed.ts'
import { advanceNonce } from './nonce.ts'
import { pendAtHalt } from './pend-at-halt.ts'
import { AWAY_MS, afterIssue, CHANGED, issue, type Outcome, type Settling, WATCHED, wait } from './settling.ts'

/** An open attempt: its bytes, as the log has them, are sent until its outcome is known, and that is booked. */
export const followAttempt = async (
  settling: Settling,
  accountId: string,
  state: AccountState,
  attempt: AttemptState,
): Promise<Outcome> => {
  const { deps, tracker } = settling
  const { signature, lastValidBlockHeight } = attempt
  settling.ours.add(signature)
  const pended = await pendAtHalt(settling, accountId, state, attempt)
  if (pended?.kind === 'changed') return pended
  const wire = Buffer.from(await signedBytes(deps.store, accountId, attempt), 'base64')
  const through = venueOf(settling, accountId, attempt)
  const sighting = tracker.follow({ accountId, signature, wire, lastValidBlockHeight, lane: laneOf(state, attempt), through })
  switch (sighting.kind) {
    case 'pending':
      if (settling.silentVenues.has(signature) && !attempt.unknown) return tellSilence(settling, accountId, attempt)
      return attempt.nonce && isUnwanted(state, attempt) ? endOverNonce(settling, accountId, state, { attempt, wire }) : WATCHED
    case 'seen':
      return bookOutcome(settling, accountId, state, { attempt, wire })
    case 'past':
      return attempt.nonce
        ? endOverNonce(settling, accountId, state, { attempt, wire })
        : proveExpiry(settling, accountId, state, { attempt, wire }, sighting.finalizedHeight)
    default:
      return sighting satisfies never
  }
}

/** The venue lands what it built; bytes read from the log are all it needs, so any worker can ask it again. */
const venueOf = (settling: Settling, accountId: string, { venueRequestId, signature }: AttemptState): Sender | undefined => {
  const { managed } = settling.deps.venue
  if (venueRequestId === null || !managed) return undefined
  return managedSender(managed, venueRequestId, settling.composing.sender, (kind, detail) => {
    settling.managed.executed.inc({ outcome: kind })
    settling.deps.log.info({ accountId, signature, kind, detail }, 'the venue tells of a transaction')
    if (kind !== 'unknown') return
    settling.silentVenues.set(signature, detail)
    settling.wake(accountId)
  })
}

/** The venue does not know, or does not say: neither do we, until the chain tells. It is polled and sent on like any other. */
const tellSilence = (settling: Settling, accountId: string, attempt: AttemptState): Promise<Outcome> => {
  const { ref, signature } = attempt
  const reason = `the venue does not tell: ${settling.silentVenues.get(signature)}`
  settling.silentVenues.delete(signature)
  const command: AccountCommand = { type: 'BookUnknown', ref, attempt: attempt.attempt, signature, reason }
  return book(settling, accountId, attempt, command, `silent-${signature}`)
}

/** Blocks past its last valid height after which an attempt without a proof is told to be unknown: another blockhash's life. */
const UNKNOWN_AFTER_BLOCKS = 150

const bookOutcome = async (
  settling: Settling,
  accountId: string,
  state: AccountState,
  { attempt, wire }: { readonly attempt: AttemptState; readonly wire: Uint8Array },
): Promise<Outcome> => {
  const { deps } = settling
  const answer = await deps.chain.transaction(attempt.signature)
  // The node that answers may be behind the one that saw it.
  if (!answer.ok || !answer.value) return wait(answer.ok ? deps.slotMs : AWAY_MS)
  const { slot, error, deltas } = answer.value
  const { fee, priorityFee, tip, rent } = costsOf(wire, answer.value)
  const executed = { ref: attempt.ref, attempt: attempt.attempt, signature: attempt.signature, slot, fee, priorityFee }
  const command: AccountCommand =
    error === null
      ? { type: 'BookLanded', ...executed, tip, rent, deltas: deltas.filter(({ owner }) => owner === state.wallet?.publicKey) }
      : { type: 'BookFailed', ...executed, error }
  const as = { accountId, ref: attempt.ref, commandId: `book-${attempt.generation + 1}-${attempt.signature}` }
  const issued = await issue(settling, command, as)
  if (issued.kind === 'applied') settling.tracker.forget(attempt.signature)
  if (issued.kind !== 'declined' || command.type !== 'BookLanded') return afterIssue(settling, issued, command.type, as)
  if (issued.reason !== SECOND_EXECUTION) return tellUnbookable(settling, accountId, attempt, issued.reason)
  if (await isFinal(settling, attempt.signature)) {
    const booked = await bookSecondExecution(settling, accountId, { attempt, wire }, answer.value)
    if (booked !== 'done') return wait(AWAY_MS)
    settling.tracker.forget(attempt.signature)
    return CHANGED
  }
  // a fork may still take it back: until then it stands among the unresolved
  await tellUnbookable(settling, accountId, attempt, issued.reason)
  return wait(SECOND_LOOK_MS)
}

/** Finality takes some seconds. */
const SECOND_LOOK_MS = 1_000

const isFinal = async ({ deps }: Settling, signature: string): Promise<boolean> => {
  const answer = await deps.chain.statuses([signature], { history: true })
  return answer.ok && answer.value.states[0]?.commitment === 'finalized'
}

/** Between two looks at an outcome that can't be booked: only people can resolve it. */
const UNBOOKABLE_MS = 60_000

/**
 * The account does not take what the chain shows: nothing is guessed, and it may not end as a line in a log. As an unknown outcome
 * it stays among the unresolved compensations until the same transaction can be booked.
 */
const tellUnbookable = async (settling: Settling, accountId: string, attempt: AttemptState, reason: string): Promise<Outcome> => {
  const fresh = await settling.deps.handler.load(accountId, { fresh: true })
  const still = openAttempts(fresh).find(({ signature }) => signature === attempt.signature)
  // Another worker has booked it meanwhile.
  if (!still) return CHANGED
  settling.deps.log.error({ accountId, ref: attempt.ref, signature: attempt.signature, reason }, 'a landed transaction cannot be booked')
  if (still.unknown) return wait(UNBOOKABLE_MS)
  const key = { ref: attempt.ref, attempt: attempt.attempt, signature: attempt.signature }
  const told = `landed, but not to be booked: ${reason}`
  const outcome = await book(settling, accountId, attempt, { type: 'BookUnknown', ...key, reason: told }, `unbookable-${attempt.signature}`)
  return outcome.kind === 'changed' ? wait(UNBOOKABLE_MS) : outcome
}

/** The trader waits for its end to be rid of the order. */
const isUnwanted = (state: AccountState, { purpose, ref }: AttemptState): boolean =>
  purpose === 'swap' && (state.orders.get(Number(ref))?.cancelText ?? null) !== null

/** How often a nonce that is being taken away is looked at: it shows with finality. */
const NONCE_LOOK_MS = 1_000

/** It dies with its nonce alone: that is advanced, unless it has moved on already, and then the end can be proven. */
const endOverNonce = async (
  settling: Settling,
  accountId: string,
  state: AccountState,
  { attempt, wire }: { readonly attempt: AttemptState; readonly wire: Uint8Array },
): Promise<Outcome> => {
  const { nonce, minSlot, signature } = attempt
  if (!nonce) return WATCHED
  const key = { ref: attempt.ref, attempt: attempt.attempt, signature }
  const spent = await proveNonceSpent(settling.deps.chain, signature, { ...nonce, minSlot })
  switch (spent.kind) {
    case 'proven':
      return book(settling, accountId, attempt, { type: 'BookExpired', ...key, proof: [...spent.proof] }, `expired-${signature}`)
    case 'found':
      return spent.state.commitment === 'processed' ? WATCHED : bookOutcome(settling, accountId, state, { attempt, wire })
    case 'unspent': {
      const advanced = await advanceNonce(settling, accountId, state, attempt)
      return advanced.kind === 'watched' ? wait(NONCE_LOOK_MS) : advanced
    }
    case 'too_early':
    case 'unproven':
      return wait(NONCE_LOOK_MS)
    default:
      return spent satisfies never
  }
}

const proveExpiry = async (
  settling: Settling,
  accountId: string,
  state: AccountState,
  { attempt, wire }: { readonly attempt: AttemptState; readonly wire: Uint8Array },
  finalizedHeight: number,
): Promise<Outcome> => {
  const blockhash = VersionedTransaction.deserialize(wire).message.recentBlockhash
  const key = { ref: attempt.ref, attempt: attempt.attempt, signature: attempt.signature }
  const absence = await proveAbsence(settling.deps.chain, attempt.signature, { height: attempt.lastValidBlockHeight, blockhash })
  switch (absence.kind) {
    case 'proven':
      return book(settling, accountId, attempt, { type: 'BookExpired', ...key, proof: [...absence.proof] }, `expired-${attempt.signature}`)
    case 'found':
      return absence.state.commitment === 'processed' ? WATCHED : bookOutcome(settling, accountId, state, { attempt, wire })
    case 'too_early':
      return WATCHED
    case 'unproven': {
      settling.deps.log.warn(
        { accountId, ...key, reason: absence.reason },
        'an attempt is past its last height and its absence not provable yet',
      )
      if (attempt.unknown || finalizedHeight <= attempt.lastValidBlockHeight + UNKNOWN_AFTER_BLOCKS) return WATCHED
      return book(settling, accountId, attempt, { type: 'BookUnknown', ...key, reason: absence.reason }, `unknown-${attempt.signature}`)
    }
    default:
      return absence satisfies never
  }
}

const book = async (
  settling: Settling,
  accountId: string,
  attempt: AttemptState,
  command: AccountCommand,
  commandId: string,
): Promise<Outcome> => {
  const as = { accountId, ref: attempt.ref, commandId }
  const issued = await issue(settling, command, as)
  // should it land all the same, it is not to pass for one that is booked
  if (issued.kind === 'applied' && command.type === 'BookExpired') settling.ours.drop(attempt.signature)
  // An unknown attempt stays under watch, any other is over as far as sending goes.
  if (issued.kind === 'applied' && command.type !== 'BookUnknown') settling.tracker.forget(attempt.signature)
  return afterIssue(settling, issued, command.type, as)
}
