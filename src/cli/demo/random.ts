/** A small seeded generator (mulberry32): the same seed plans the same orders on every machine. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** An integer in [from, to]. */
  between(from: number, to: number): number
  pick<T>(items: readonly T[]): T
}

export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: (items) => items[Math.floor(next() * items.length)]!,
  }
}
