import bs58 from 'bs58'
import type { TokenDelta } from '../events/account/transaction-events.ts'
import type { ChainTransaction } from './chain.ts'
import { transactionErrorName } from './chain-error.ts'
import type { TokenBalance, TransactionAnswer } from './schema.ts'
import { wireKeys } from './wire-keys.ts'

/** Reads what a transaction did from the balances before and after it. Undefined when the node kept no metadata of it. */
export const readTransaction = (response: TransactionAnswer): ChainTransaction | undefined => {
  const { meta } = response
  if (!meta) return undefined
  const fee = BigInt(meta.fee)
  const error = transactionErrorName(meta.err)
  const keys = accountKeys(response)
  const spent = BigInt(meta.preBalances[0] ?? 0) - BigInt(meta.postBalances[0] ?? 0) - fee
  return {
    slot: response.slot,
    error,
    fee,
    rent: error === null && spent > 0n ? spent : 0n,
    // A failed transaction moved nothing, whatever its balances say: only the fee is gone.
    deltas: error === null ? tokenDeltas(keys, meta.preTokenBalances ?? [], meta.postTokenBalances ?? []) : [],
    feePayer: keys.at(0) ?? '',
    lamports: meta.preBalances.flatMap((before, i) => {
      const amount = BigInt(meta.postBalances[i] ?? 0) - BigInt(before)
      return amount === 0n ? [] : [{ address: keys.at(i) ?? '', amount }]
    }),
  }
}

interface AccountKeys {
  readonly count: number
  /** Undefined: there is none with this index. */
  at(index: number): string | undefined
}

/** Static keys, then the writable and the readonly ones of lookup tables: the order that account indexes count in. */
const accountKeys = ({ transaction, meta }: TransactionAnswer): AccountKeys => {
  const loaded = [...(meta?.loadedAddresses?.writable ?? []), ...(meta?.loadedAddresses?.readonly ?? [])]
  if (!Array.isArray(transaction)) {
    const keys = [...transaction.message.accountKeys, ...loaded]
    return { count: keys.length, at: (index) => keys[index] }
  }
  const own = wireKeys(Buffer.from(transaction[0], 'base64'))
  return {
    count: own.count + loaded.length,
    // Of a dozen keys two or three changed: only theirs are spelled out.
    at: (index) => {
      const bytes = own.at(index)
      return bytes ? bs58.encode(bytes) : loaded[index - own.count]
    },
  }
}

interface Holding {
  readonly owner: string
  readonly mint: string
  readonly amount: bigint
}

/**
 * Changes of token accounts by owner: one that did not exist before, or does not any more, counts as 0 on that side; one that was
 * given to another owner, or closed and made anew for another mint, is lost to the one and gained by the other. Amounts are what the
 * accounts hold, so a Token-2022 transfer fee that was withheld on the way is in neither.
 */
const tokenDeltas = (keys: AccountKeys, before: readonly TokenBalance[], after: readonly TokenBalance[]): TokenDelta[] => {
  const indexes = [...new Set([...before, ...after].map(({ accountIndex }) => accountIndex))].sort((a, b) => a - b)
  return indexes.flatMap((index) => {
    const [pre, post] = [holding(before, index), holding(after, index)]
    // Balances of before 2021 name no owner; it can't have changed without being named.
    const owner = post?.owner || pre?.owner || ''
    const same = pre && post && pre.mint === post.mint && (pre.owner === post.owner || pre.owner === '' || post.owner === '')
    const changes: Holding[] = same
      ? [{ owner, mint: post.mint, amount: post.amount - pre.amount }]
      : [...(pre ? [{ ...pre, amount: -pre.amount }] : []), ...(post ? [post] : [])]
    if (changes.every(({ amount }) => amount === 0n)) return []
    const tokenAccount = keys.at(index)
    if (tokenAccount === undefined) throw new Error(`account ${index} of ${keys.count} has a token balance`)
    return changes.flatMap((change) =>
      change.amount === 0n ? [] : [{ tokenAccount, owner: change.owner, mint: change.mint, amount: change.amount.toString() }],
    )
  })
}

const holding = (balances: readonly TokenBalance[], index: number): Holding | undefined => {
  const found = balances.find(({ accountIndex }) => accountIndex === index)
  return found && { owner: found.owner ?? '', mint: found.mint, amount: BigInt(found.uiTokenAmount.amount) }
}
