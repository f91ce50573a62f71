import { NONCE_ACCOUNT_LENGTH, PublicKey, SystemProgram, type TransactionInstruction } from '@solana/web3.js'
import type { AccountState } from '../../commands/account/state.ts'
import { type AttemptState, hasOpenAttempt } from '../../commands/transaction/attempt-state.ts'
import { nonceRef, userOfNonce } from '../../commands/transaction/nonce-ref.ts'
import { readNonceAccount } from '../../rpc/nonce-account.ts'
import { advanceOf, compose, type DurableUse } from '../signing/compose.ts'
import { nonceOf } from '../signing/nonce.ts'
import { NONCES_PER_ACCOUNT, type NonceSeat, nonceSeat } from '../signing/nonce-seat.ts'
import { recordSigned } from './record-signed.ts'
import { AWAY_MS, type Outcome, type Settling, WATCHED, wait } from './settling.ts'

/** A nonce for the next transaction, or what is to be done instead. */
export type Picked =
  | { readonly kind: 'nonce'; readonly use: DurableUse }
  /** One is being made; the transaction waits. */
  | { readonly kind: 'making'; readonly outcome: Outcome }
  /** All are in use, or the chain is away: a blockhash must do. */
  | { readonly kind: 'none' }

/**
 * Picks one of the account's few nonce accounts that nothing lives by, as it is finalised; makes the next one where there are fewer than
 * there may be. They belong to the fee payer, and who uses which is decided in the account's own stream: no two workers can clash.
 */
export const pickNonce = async (settling: Settling, accountId: string, state: AccountState): Promise<Picked> => {
  const { deps, feePayer } = settling
  const authority = feePayer.signer.publicKey
  const seats = await Promise.all(Array.from({ length: NONCES_PER_ACCOUNT }, (_, i) => nonceSeat(authority, accountId, i)))
  const free = seats.filter(({ account }) => !userOfNonce(state, account) && !hasOpenAttempt(state, nonceRef(account)))
  if (free.length === 0) return { kind: 'none' }
  const answer = await deps.chain.finalizedAccounts(free.map(({ account }) => account))
  if (!answer.ok) return { kind: 'none' }
  const { slot, accounts } = answer.value
  for (const [i, { account }] of free.entries()) {
    const held = readNonceAccount(accounts[i])
    // The value of a transaction that has landed and is not final yet may come back: it is left alone until it is.
    if (held?.authority === authority && !isSpent(state, account, held.value))
      return { kind: 'nonce', use: { nonce: { account, value: held.value, authority }, slot } }
  }
  // Made, and not finalised yet: one more would not come any sooner.
  if (seats.some(({ account }) => isBeingMade(state, account))) return { kind: 'making', outcome: wait(MAKING_MS) }
  const missing = free.find((_, i) => accounts[i] === undefined)
  return missing ? { kind: 'making', outcome: await makeNonce(settling, accountId, state, missing) } : { kind: 'none' }
}

/** Takes the value away from under an attempt, by a fenced transaction of our own; watched: that is under way, or waits for finality. */
export const advanceNonce = async (settling: Settling, accountId: string, state: AccountState, attempt: AttemptState): Promise<Outcome> => {
  const { nonce } = attempt
  if (!nonce || hasOpenAttempt(state, nonceRef(nonce.account))) return WATCHED
  const last = state.attempts.get(nonceRef(nonce.account))
  if (last?.phase === 'landed' && !last.final && last.signedRevision > attempt.signedRevision) return WATCHED
  settling.deps.log.info({ accountId, ref: attempt.ref, nonce: nonce.account }, 'a transaction is cancelled by advancing its nonce')
  return send(settling, accountId, state, { account: nonce.account, purpose: 'nonce_advance', instructions: [advanceOf(nonce)] })
}

const MAKING_MS = 500

/** Rent of 80 bytes for two years: what frees an account from rent. */
const RENT_LAMPORTS = 1_447_680

const makeNonce = (settling: Settling, accountId: string, state: AccountState, { account, seed }: NonceSeat): Promise<Outcome> => {
  const payer = new PublicKey(settling.feePayer.signer.publicKey)
  const key = new PublicKey(account)
  const instructions = [
    SystemProgram.createAccountWithSeed({
      fromPubkey: payer,
      basePubkey: payer,
      newAccountPubkey: key,
      seed,
      lamports: RENT_LAMPORTS,
      space: NONCE_ACCOUNT_LENGTH,
      programId: SystemProgram.programId,
    }),
    SystemProgram.nonceInitialize({ noncePubkey: key, authorizedPubkey: payer }),
  ]
  return send(settling, accountId, state, { account, purpose: 'nonce_setup', instructions })
}

interface Own {
  readonly account: string
  readonly purpose: 'nonce_setup' | 'nonce_advance'
  readonly instructions: readonly TransactionInstruction[]
}

const send = async (settling: Settling, accountId: string, state: AccountState, own: Own): Promise<Outcome> => {
  const { deps, feePayer } = settling
  if (!feePayer.ready()) return wait(AWAY_MS)
  const ref = nonceRef(own.account)
  const attempt = (state.attempts.get(ref)?.attempt ?? 0) + 1
  const draft = { payer: feePayer.signer, instructions: own.instructions, lookupTables: [], shape: own.purpose, minSlot: 0 }
  const composed = await compose({ ...draft, nonce: nonceOf(ref, attempt), doubtful: attempt > 1 }, settling.composing)
  switch (composed.kind) {
    case 'ready':
      return recordSigned(settling, composed, {
        accountId,
        state,
        ref,
        attempt,
        purpose: own.purpose,
        quoted: null,
        signers: [feePayer.signer],
      })
    case 'unavailable':
    case 'rejected':
      deps.log.warn({ accountId, ref, ...composed }, 'a nonce account could not be made or advanced now')
      return wait(AWAY_MS)
    default:
      return composed satisfies never
  }
}

const isBeingMade = (state: AccountState, account: string): boolean => {
  const last = state.attempts.get(nonceRef(account))
  return last?.purpose === 'nonce_setup' && (last.phase === 'open' || (last.phase === 'landed' && !last.final))
}

const isSpent = (state: AccountState, account: string, value: string): boolean =>
  [...state.attempts.values(), ...state.earlier.values()].some(({ nonce }) => nonce?.account === account && nonce.value === value)
