import { LRUCache } from 'lru-cache'
import type { LoadedAccount } from './loaded-account.ts'

/** Folded accounts in memory, least recently used out first. Losing one only costs a load. */
export interface AccountCache {
  get(accountId: string): LoadedAccount | undefined
  /** Keeps the newer of what is there and this; an account without events is not kept. */
  keep(accountId: string, account: LoadedAccount): void
  /** Replaces whatever is there. */
  replace(accountId: string, account: LoadedAccount): void
}

/** Memory for folds: about 50,000 quiet accounts, or 500 with full books. */
const MAX_BYTES = 256 * 1024 * 1024

export const createAccountCache = (): AccountCache => {
  const cache = new LRUCache<string, LoadedAccount>({ maxSize: MAX_BYTES, sizeCalculation: roughBytes })
  const replace = (accountId: string, account: LoadedAccount): void => {
    if (account.state.revision < 0n) cache.delete(accountId)
    else cache.set(accountId, account)
  }
  return {
    get: (accountId) => cache.get(accountId),
    replace,
    keep: (accountId, account) => {
      const there = cache.peek(accountId)
      if (!there || there.state.revision <= account.state.revision) replace(accountId, account)
    },
  }
}

const roughBytes = ({ state }: LoadedAccount): number =>
  2_000 +
  state.orders.size * 1_000 +
  state.canceled.size * 800 +
  (state.closed.size + state.rejected.size) * 150 +
  (state.attempts.size + state.earlier.size) * 1_500 +
  (state.deposits.size + state.payouts.size) * 400 +
  state.sealed.size * 60_000
