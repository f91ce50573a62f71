/** Loads under way, by what they load. */
export interface Loads {
  /**
   * The value of `load`, or of one under way under the same key that turns out to be as of `atLeast` or later. `asOf` tells a value's
   * position, undefined for a refusal, which counts for all who shared it.
   */
  share<T>(key: string, atLeast: bigint, asOf: (value: T) => bigint | undefined, load: () => Promise<T>): Promise<T>
}

/** A thousand readers who miss the same document at once cost one load, not a thousand. */
export const createLoads = (): Loads => {
  const underWay = new Map<string, Promise<unknown>>()
  return {
    share: async <T>(key: string, atLeast: bigint, asOf: (value: T) => bigint | undefined, load: () => Promise<T>): Promise<T> => {
      for (;;) {
        const shared = underWay.get(key) as Promise<T> | undefined
        if (shared) {
          const value = await shared
          const at = asOf(value)
          if (at === undefined || at >= atLeast) return value
          // too old for us, and over by now: the next one, whoever begins it, is young enough
          continue
        }
        const own = load().finally(() => underWay.delete(key))
        underWay.set(key, own)
        return own
      }
    },
  }
}
