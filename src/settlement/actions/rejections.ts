import { LRUCache } from 'lru-cache'

/** Simulations that failed in a row, by account and ref. A hint: lost with the process. */
export interface Rejections {
  /** One more; answers how many it are in a row. */
  add(accountId: string, ref: string): number
  /** One succeeded, or there will be no more. */
  clear(accountId: string, ref: string): void
}

/** Refs that are counted at a time: of one that ends in another way (cancelled, say) nobody tells, so the oldest are forgotten. */
const MOST_REFS = 10_000

export const createRejections = (most = MOST_REFS): Rejections => {
  const counts = new LRUCache<string, number>({ max: most })
  return {
    add: (accountId, ref) => {
      const key = `${accountId}.${ref}`
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count
    },
    clear: (accountId, ref) => void counts.delete(`${accountId}.${ref}`),
  }
}
