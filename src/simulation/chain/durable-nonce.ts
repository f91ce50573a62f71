import { createHash } from 'node:crypto'
import { NONCE_ACCOUNT_LENGTH, PublicKey, SystemProgram } from '@solana/web3.js'
import bs58 from 'bs58'
import type { AccountImage } from '../../rpc/chain.ts'
import type { ParsedTransaction, Step } from './parse-transaction.ts'
import type { NonceValue, TokenState } from './token-state.ts'

/** Where a transaction is executed: what a nonce becomes there. */
export interface Place {
  readonly height: number
  readonly nonce: string
}

/** The value that nonces get in a block: another one on every fork. */
export const nonceOfBlock = (seed: number, fork: number, slot: number): string =>
  bs58.encode(createHash('sha256').update(`${seed}/nonce/${fork}/${slot}`).digest())

/** The nonce account that a transaction advances before anything else: it may live by its value. */
export const advancedBy = ({ steps }: ParsedTransaction): string | undefined => {
  const [first] = steps
  return first && tagOf(first) === ADVANCE ? first.accounts[0] : undefined
}

/** It lives by a nonce, and that is still what it was signed over; one that the same block has set can't be used up at once. */
export const livesByNonce = (state: TokenState, transaction: ParsedTransaction, height: number): boolean => {
  const account = advancedBy(transaction)
  const nonce = account === undefined ? undefined : state.nonce(account)
  return nonce !== undefined && nonce.value === transaction.blockhash && nonce.height < height
}

/** What the system program does about nonce accounts: rent paid, or the error; undefined for everything else. */
export const runNonceStep = (state: TokenState, step: Step, { height, nonce }: Place): bigint | string | undefined => {
  const [account = '', , authority = ''] = step.accounts
  switch (tagOf(step)) {
    case CREATE_WITH_SEED:
      return state.nonce(step.accounts[1] ?? '') ? IN_USE : NONCE_RENT_LAMPORTS
    case INITIALIZE:
      if (state.nonce(account)) return INVALID
      state.setNonce(account, { value: nonce, authority: new PublicKey(step.data.subarray(4, 36)).toBase58(), height })
      return 0n
    case ADVANCE: {
      const held = state.nonce(account)
      if (!held || held.authority !== authority || held.height >= height) return INVALID
      state.setNonce(account, { value: nonce, authority, height })
      return 0n
    }
    default:
      return undefined
  }
}

/** The account as a node shows it; undefined: there is none. */
export const nonceImage = (nonce: NonceValue | undefined): AccountImage | undefined => {
  if (!nonce) return undefined
  const data = Buffer.alloc(NONCE_ACCOUNT_LENGTH)
  // version and state, then authority, value and the fee per signature
  data.writeUInt32LE(1, 0)
  data.writeUInt32LE(1, 4)
  new PublicKey(nonce.authority).toBuffer().copy(data, 8)
  Buffer.from(bs58.decode(nonce.value)).copy(data, 40)
  data.writeBigUInt64LE(5_000n, 72)
  return { lamports: NONCE_RENT_LAMPORTS, owner: SYSTEM, data }
}

const SYSTEM = SystemProgram.programId.toBase58()
const tagOf = ({ program, data }: Step): number | undefined =>
  program === SYSTEM && data.length >= 4 ? Buffer.from(data).readUInt32LE(0) : undefined

/** Tags of the system program's instructions. */
const CREATE_WITH_SEED = 3
const ADVANCE = 4
const INITIALIZE = 6
const NONCE_RENT_LAMPORTS = 1_447_680n
const IN_USE = 'custom:0'
const INVALID = 'instruction:InvalidAccountData'
