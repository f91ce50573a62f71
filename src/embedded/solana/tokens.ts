import { AccountLayout, MintLayout, NATIVE_MINT, TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID } from '@solana/spl-token'
import bs58 from 'bs58'
import type { AccountState } from './svm.ts'

export interface TokenAccount {
  readonly mint: string
  readonly owner: string
  readonly amount: bigint
  readonly program: string
}

/** An amount in the RPC's form. */
export interface UiTokenAmount {
  readonly amount: string
  readonly decimals: number
  readonly uiAmount: number | null
  readonly uiAmountString: string
}

/** Reads a token account of either token program; undefined for anything else (a mint, say). */
export const tokenAccount = (state: AccountState | undefined): TokenAccount | undefined => {
  if (!state || state.data.length < AccountLayout.span) return undefined
  const program = TOKEN_PROGRAMS.find((bytes) => bytes.equals(state.owner))
  // Token-2022 pads a mint with extensions to more than an account's size and then says which it is.
  if (!program || (state.data.length > AccountLayout.span && state.data[AccountLayout.span] !== ACCOUNT_TYPE)) return undefined
  const data = Buffer.from(state.data)
  if (data[STATE_AT] === 0) return undefined
  return {
    mint: bs58.encode(data.subarray(0, 32)),
    owner: bs58.encode(data.subarray(32, 64)),
    amount: data.readBigUInt64LE(64),
    program: bs58.encode(program),
  }
}

/** Decimals of a mint account; undefined when it is none. */
export const mintDecimals = (state: AccountState | undefined): number | undefined => {
  if (!state || state.data.length < MintLayout.span || !TOKEN_PROGRAMS.some((bytes) => bytes.equals(state.owner))) return undefined
  return state.data[DECIMALS_AT]
}

export const uiAmount = (amount: bigint, decimals: number): UiTokenAmount => {
  const digits = amount.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  const uiAmountString = fraction ? `${whole}.${fraction}` : whole
  return { amount: amount.toString(), decimals, uiAmount: Number(uiAmountString), uiAmountString }
}

export const WRAPPED_SOL = NATIVE_MINT.toBase58()

const TOKEN_PROGRAMS = [TOKEN_PROGRAM_ID.toBuffer(), TOKEN_2022_PROGRAM_ID.toBuffer()]
const STATE_AT = 108
const DECIMALS_AT = 44
const ACCOUNT_TYPE = 2
