import type { MessageAccountKeys, TokenBalance, VersionedTransactionResponse } from '@solana/web3.js'
import type { TokenDelta } from '../events/account/transaction-events.ts'
import type { ChainTransaction } from './chain.ts'
import { transactionErrorName } from './chain-error.ts'

/** Reads what a transaction did from the balances before and after it. Undefined when the node kept no metadata of it. */
export const readTransaction = (response: VersionedTransactionResponse): ChainTransaction | undefined => {
  const { meta, transaction } = response
  if (!meta) return undefined
  const keys = transaction.message.getAccountKeys({ accountKeysFromLookups: meta.loadedAddresses ?? null })
  const fee = BigInt(meta.fee)
  const error = transactionErrorName(meta.err)
  const spent = BigInt(meta.preBalances[0] ?? 0) - BigInt(meta.postBalances[0] ?? 0) - fee
  return {
    slot: response.slot,
    error,
    fee,
    rent: error === null && spent > 0n ? spent : 0n,
    deltas: error === null ? tokenDeltas(keys, meta.preTokenBalances ?? [], meta.postTokenBalances ?? []) : [],
  }
}

/** Changes of token accounts; one that did not exist before, or does not any more, counts as 0 on that side. */
const tokenDeltas = (keys: MessageAccountKeys, before: readonly TokenBalance[], after: readonly TokenBalance[]): TokenDelta[] => {
  const amounts = new Map<number, { owner: string; mint: string; amount: bigint }>()
  for (const balance of before) note(balance, -1n)
  for (const balance of after) note(balance, 1n)
  function note({ accountIndex, owner, mint, uiTokenAmount }: TokenBalance, sign: bigint): void {
    const known = amounts.get(accountIndex)
    const amount = (known?.amount ?? 0n) + sign * BigInt(uiTokenAmount.amount)
    amounts.set(accountIndex, { owner: owner ?? known?.owner ?? '', mint, amount })
  }
  return [...amounts]
    .filter(([, { amount }]) => amount !== 0n)
    .map(([index, { owner, mint, amount }]) => ({
      tokenAccount: keys.get(index)?.toBase58() ?? '',
      owner,
      mint,
      amount: amount.toString(),
    }))
}
