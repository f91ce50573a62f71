/** Asks for many keys in few calls: keys that are asked for at about the same time travel together, equal ones once. */
export interface Coalescer<K, V> {
  ask(key: K): Promise<V>
}

export interface CoalescerOptions<K, V> {
  /** Keys a call takes. */
  readonly most: number
  readonly keyOf: (key: K) => string
  /** Values in the order of the keys. */
  readonly load: (keys: readonly K[]) => Promise<readonly V[]>
  /** Keys that did not need a call of their own. */
  readonly saved: (count: number) => void
}

interface Asked<K, V> {
  readonly key: K
  readonly waiting: { readonly resolve: (value: V) => void; readonly reject: (error: unknown) => void }[]
}

export const createCoalescer = <K, V>({ most, keyOf, load, saved }: CoalescerOptions<K, V>): Coalescer<K, V> => {
  let asked = new Map<string, Asked<K, V>>()
  let count = 0

  const flush = (): void => {
    const all = [...asked.values()]
    const calls = Math.ceil(all.length / most)
    if (count > calls) saved(count - calls)
    asked = new Map()
    count = 0
    for (let from = 0; from < all.length; from += most) {
      const part = all.slice(from, from + most)
      load(part.map(({ key }) => key)).then(
        (values) => {
          for (const [i, { waiting }] of part.entries()) for (const { resolve } of waiting) resolve(values[i] as V)
        },
        (error: unknown) => {
          for (const { waiting } of part) for (const { reject } of waiting) reject(error)
        },
      )
    }
  }

  return {
    ask: (key) =>
      new Promise((resolve, reject) => {
        const id = keyOf(key)
        const entry = asked.get(id) ?? { key, waiting: [] }
        entry.waiting.push({ resolve, reject })
        asked.set(id, entry)
        count++
        // After the timers and answers of this turn, so that all that one poll or one batch of events wants is in.
        if (count === 1) setImmediate(flush)
      }),
  }
}

/** One call for all who ask the same while it is under way. */
export const createInFlight = <V>(saved: () => void): ((key: string, run: () => Promise<V>) => Promise<V>) => {
  const running = new Map<string, Promise<V>>()
  return (key, run) => {
    const known = running.get(key)
    if (known) {
      saved()
      return known
    }
    const started = run().finally(() => running.delete(key))
    running.set(key, started)
    return started
  }
}
