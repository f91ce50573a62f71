import { createHash } from 'node:crypto'

/** Hashes of signatures that were booked as late landings, newest last. */
export type LateLandings = readonly string[]

/** More than a few in an account's life mean endpoints that lie; then the account stands still anyway. */
const KEPT = 200

/** 96 bits of the signature's SHA-256: only equality matters. */
const hashOf = (signature: string): string => createHash('sha256').update(signature, 'utf8').digest('base64url').slice(0, 16)

export const isBookedLate = (late: LateLandings, signature: string): boolean => late.includes(hashOf(signature))

export const rememberLate = (late: LateLandings, signature: string): LateLandings => [...late, hashOf(signature)].slice(-KEPT)
