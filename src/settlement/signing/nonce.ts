import { createHash } from 'node:crypto'

const NONCES = 1_024

/** Tells apart the transactions of one account that would be equal otherwise: consecutive orders never share one. */
export const nonceOf = (ref: string, attempt: number): number => {
  const number = /^\d+$/.test(ref) ? Number(ref) : createHash('sha256').update(ref, 'utf8').digest().readUInt16BE(0)
  return (number + attempt * 31) % NONCES
}
