import { createHash } from 'node:crypto'
import { NONCE_ACCOUNT_LENGTH, NonceAccount, SystemProgram, type VersionedMessage } from '@solana/web3.js'
import bs58 from 'bs58'
import type { AccountState } from './svm.ts'

/**
 * The value that a nonce account gets in a slot whose blockhash this is. The VM makes values from the blockhash that a transaction names,
 * whatever its slot: two of one slot would pass by different ones, and of two slots the later would fail by the same. The chain's own slot decides it.
 */
export const durableNonce = (blockhash: string): string =>
  bs58.encode(createHash('sha256').update('DURABLE_NONCE').update(bs58.decode(blockhash)).digest())

/** What an initialised nonce account holds; undefined for any other account. */
export const nonceOf = (state: AccountState | undefined): { readonly value: string; readonly authority: string } | undefined => {
  if (state?.data.length !== NONCE_ACCOUNT_LENGTH || state.owner.some((byte) => byte !== 0)) return undefined
  const data = Buffer.from(state.data)
  if (data.readUInt32LE(STATE_AT) !== INITIALIZED) return undefined
  const { nonce, authorizedPubkey } = NonceAccount.fromAccountData(data)
  return { value: nonce, authority: authorizedPubkey.toBase58() }
}

export const withNonce = (state: AccountState, value: string): AccountState => {
  const data = Uint8Array.from(state.data)
  data.set(bs58.decode(value), VALUE_AT)
  return { ...state, data }
}

/**
 * Index of the nonce account of a transaction whose first instruction advances one: its recentBlockhash may be that account's value.
 * `signers`: indexes of the keys that sign the instruction, of which the account's authority must be one.
 */
export const advancedBy = (message: VersionedMessage): { readonly account: number; readonly signers: readonly number[] } | undefined => {
  const [first] = message.compiledInstructions
  if (!first || !message.staticAccountKeys[first.programIdIndex]?.equals(SystemProgram.programId)) return undefined
  if (first.data.length < 4 || Buffer.from(first.data).readUInt32LE(0) !== ADVANCE) return undefined
  const [account] = first.accountKeyIndexes
  if (account === undefined || !message.isAccountWritable(account)) return undefined
  return { account, signers: first.accountKeyIndexes.filter((index) => message.isAccountSigner(index)) }
}

/** Layout: version u32, state u32, authority 32, value 32, fee u64. */
const STATE_AT = 4
const VALUE_AT = 40
const INITIALIZED = 1
/** The system program's AdvanceNonceAccount. */
const ADVANCE = 4
