import type { AttemptState, Attempts } from './attempt-state.ts'
import { openAttempts } from './attempt-state.ts'

/** Ref of the transactions that make a nonce account and advance it. */
export const nonceRef = (account: string): string => `n-${account}`
/** The nonce account a ref belongs to; undefined for any other ref. */
export const nonceAccountOf = (ref: string): string | undefined => (ref.startsWith('n-') ? ref.slice(2) : undefined)

/** The transaction that still lives by this nonce account's value. */
export const userOfNonce = (all: Attempts, account: string): AttemptState | undefined =>
  openAttempts(all).find(({ nonce }) => nonce?.account === account)
