import { getAssociatedTokenAddressSync } from '@solana/spl-token'
import { PublicKey } from '@solana/web3.js'
import { LRUCache } from 'lru-cache'
import type { AccountImage, Chain, ChainAnswer, ChainError, TokenHolder } from './chain.ts'
import { createCoalescer } from './pool/coalesce.ts'
import type { Endpoints } from './pool/endpoints.ts'
import { type AccountJson, AccountsAnswer, NumberAnswer } from './schema.ts'

/** getMultipleAccounts takes 100 keys. */
const ACCOUNTS_PER_CALL = 100
/** The amount of a token account lies behind mint and owner. */
const TOKEN_AMOUNT_OFFSET = 64
const TOKEN_ACCOUNT_BYTES = 165

/** Reads of accounts at `confirmed`. Whoever asks at the same moment shares calls of a hundred. */
export const accountReads = (endpoints: Endpoints): Pick<Chain, 'accounts' | 'tokenBalances' | 'balance'> => {
  const coalescer = createCoalescer<string, ChainAnswer<AccountImage | undefined>>({
    most: ACCOUNTS_PER_CALL,
    keyOf: (address) => address,
    saved: (count) => endpoints.meters.decided('coalesced', '', count),
    load: async (addresses) => {
      const call = { method: 'getMultipleAccounts', params: [addresses, { commitment: 'confirmed', encoding: 'base64' }] }
      const answer = await endpoints.read(call, AccountsAnswer, { commitment: 'confirmed', minSlotAt: 1 })
      return addresses.map((_, i) => (answer.ok ? { ok: true, value: toImage(answer.value.value[i]) } : answer))
    },
  })
  const accounts: Chain['accounts'] = async (addresses) => {
    const answers = await Promise.all(addresses.map((address) => coalescer.ask(address)))
    const failed = answers.find((answer) => !answer.ok)
    if (failed) return failed as { ok: false; error: ChainError }
    return { ok: true, value: answers.map((answer) => (answer.ok ? answer.value : undefined)) }
  }
  return {
    accounts,
    tokenBalances: async (holders) => {
      const answer = await accounts(holders.map((holder) => tokenAccountOf(holder).toBase58()))
      return answer.ok ? { ok: true, value: answer.value.map(tokenAmount) } : answer
    },
    balance: async (address) => {
      const call = { method: 'getBalance', params: [address, { commitment: 'confirmed' }] }
      const answer = await endpoints.read(call, NumberAnswer, { commitment: 'confirmed', minSlotAt: 1 })
      return answer.ok ? { ok: true, value: BigInt(answer.value.value) } : answer
    },
  }
}

/** The one token account of an owner that this product uses for a mint. */
export const tokenAccountOf = ({ owner, mint }: TokenHolder): PublicKey => {
  const key = `${owner}/${mint}`
  const known = derived.get(key)
  if (known) return known
  const address = getAssociatedTokenAddressSync(new PublicKey(mint), new PublicKey(owner), true)
  derived.set(key, address)
  return address
}

/** Deriving an address means looking for one off the curve: half a millisecond. It is the same for ever. */
const derived = new LRUCache<string, PublicKey>({ max: 20_000 })

export const toImage = (json: AccountJson | null | undefined): AccountImage | undefined =>
  json ? { lamports: BigInt(json.lamports), owner: json.owner, data: Buffer.from(json.data[0], 'base64') } : undefined

/** Base units in a token account; 0 where there is none. */
export const tokenAmount = (image: AccountImage | undefined): bigint =>
  image && image.data.length >= TOKEN_ACCOUNT_BYTES ? Buffer.from(image.data).readBigUInt64LE(TOKEN_AMOUNT_OFFSET) : 0n
