import { NONCE_ACCOUNT_LENGTH, NonceAccount, SystemProgram } from '@solana/web3.js'
import type { AccountImage } from './chain.ts'

/** What an initialised nonce account holds; undefined for any other account, or none. */
export const readNonceAccount = (image: AccountImage | undefined): { readonly value: string; readonly authority: string } | undefined => {
  if (image?.data.length !== NONCE_ACCOUNT_LENGTH || image.owner !== SystemProgram.programId.toBase58()) return undefined
  const data = Buffer.from(image.data)
  if (data.readUInt32LE(STATE_AT) !== INITIALIZED) return undefined
  const { nonce, authorizedPubkey } = NonceAccount.fromAccountData(data)
  return { value: nonce, authority: authorizedPubkey.toBase58() }
}

/** Layout: version u32, state u32, authority 32, value 32, fee u64. */
const STATE_AT = 4
const INITIALIZED = 1
