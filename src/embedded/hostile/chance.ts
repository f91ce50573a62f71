/** A number in [0, 1) for the n-th question of its name: the same seed, name and n give the same number, whatever else is asked between. */
export type Chance = (name: readonly (string | number)[], n: number) => number

export const seededChance =
  (seed: number): Chance =>
  (name, n) =>
    scramble(hash(`${seed}/${name.join('/')}/${n}`)) / 2 ** 32

/** FNV-1a: short, and good enough once its bits are mixed. */
const hash = (text: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/** The finaliser of MurmurHash3: names that differ in one digit give unrelated numbers. */
const scramble = (value: number): number => {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
