import { createHash } from 'node:crypto'

/** Four hardened indices of 31 bits each, the first 124 bits of SHA-256(id): wide enough that two ids never share a wallet. */
export const walletPath = (id: string): string => {
  const bits = BigInt(`0x${createHash('sha256').update(id, 'utf8').digest('hex')}`) >> (256n - 4n * INDEX_BITS)
  const index = (place: bigint) => (bits >> (place * INDEX_BITS)) & ((1n << INDEX_BITS) - 1n)
  return `m/${[3n, 2n, 1n, 0n].map((place) => `${index(place)}'`).join('/')}`
}

const INDEX_BITS = 31n
