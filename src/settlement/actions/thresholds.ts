/** Who waits for which price, ordered by price: a new price costs a look at the nearest one, and what it takes out. */
export interface Thresholds<T> {
  add(price: bigint, item: T): void
  /** Nothing happens for what is not there. */
  remove(price: bigint, item: T): void
  /** Takes out every item whose threshold the market meets. */
  take(market: bigint): readonly T[]
}

/** `at_or_below` is met by a market price that is not above it, `at_or_above` by one that is not below it. */
export const createThresholds = <T>(when: 'at_or_below' | 'at_or_above'): Thresholds<T> => {
  // keys ascend, and what the market meets first is at the end: taking it moves nothing
  const keyOf = (price: bigint): bigint => (when === 'at_or_below' ? price : -price)
  const keys: bigint[] = []
  const levels = new Map<bigint, Set<T>>()

  const placeOf = (key: bigint): number => {
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    add: (price, item) => {
      const key = keyOf(price)
      const level = levels.get(key)
      if (level) {
        level.add(item)
        return
      }
      levels.set(key, new Set([item]))
      keys.splice(placeOf(key), 0, key)
    },
    remove: (price, item) => {
      const key = keyOf(price)
      const level = levels.get(key)
      if (!level?.delete(item) || level.size > 0) return
      levels.delete(key)
      keys.splice(placeOf(key), 1)
    },
    take: (market) => {
      const least = keyOf(market)
      const taken: T[] = []
      while (keys.length > 0 && keys.at(-1)! >= least) {
        const key = keys.pop()!
        for (const item of levels.get(key) ?? []) taken.push(item)
        levels.delete(key)
      }
      return taken
    },
  }
}
