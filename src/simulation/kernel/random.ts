/** Chance from a seed: the same seed gives the same run, on every machine. */
export interface Random {
  /** A whole number in [0, exclusiveMax). */
  below(exclusiveMax: number): number
  /** A whole number in [least, most]. */
  between(least: number, most: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
  bytes(length: number): Buffer
}

/** Small fast counter generator (sfc32): passes the usual batteries and needs no bigint. */
export const createRandom = (seed: number, stream: number): Random => {
  let [a, b, c, d] = [seed | 0, stream | 0, 0x9e3779b9 | 0, 1]
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  // the first outputs still show the seed
  for (let i = 0; i < 16; i++) next()
  const below = (most: number): number => Math.floor((next() / 4_294_967_296) * most)
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (probability) => next() < probability * 4_294_967_296,
    pick: (from) => from[below(from.length)]!,
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  }
}
