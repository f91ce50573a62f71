import { createHash } from 'node:crypto'
import type { Map as ImmutableMap, List, OrderedMap } from 'immutable'
import { findRow, type Segment, sealSegment } from './segment.ts'

/** Where the first event of a closed or rejected order (or closed deposit) is, to tell a repetition from a conflict. */
export interface KnownId {
  /** First 24 hex of the hash of the terms. */
  readonly termsHash: string
  readonly revision: bigint
}

/** Client ids of what has left the fold. Keys are hashes: ids are up to 48 characters and only equality matters. */
export interface KnownIds {
  /** Closed since the last sealed segment. */
  readonly closed: ImmutableMap<string, KnownId>
  /** The newest sealed segments, oldest first; fewer than `segments` says until the handler has loaded them. */
  readonly sealed: List<Segment>
  /** Segments sealed so far. */
  readonly segments: number
  /** Rejected orders, oldest first, in a window of their own so that they can't flush accepted ones. */
  readonly rejected: OrderedMap<string, KnownId>
}

/** Rows of a segment: a full one is 60 KB, one event well below 256 KiB as base64. */
export const SEGMENT_ROWS = 2_000
/** Segments that count: 50 × 2,000 = the last 100,000 closed orders and deposits. */
export const SEGMENTS_KEPT = 50
/** Rejected ids remembered. */
const REJECTED_KEPT = 1_000

/** 96 bits of SHA-256: a collision among 100,000 ids of one account is a 1 in 10^19 event. Takes the command id, which tells kinds apart. */
export const idHash = (commandId: string): string => createHash('sha256').update(commandId, 'utf8').digest('base64url').slice(0, 16)
const shortTerms = (termsHash: string): string => termsHash.slice(0, 24)

/** What is known of an id: the same terms, other terms, or nothing. Segments must be loaded (see segmentsMissing). */
export const findKnown = (ids: KnownIds, commandId: string, termsHash: string): KnownId | 'other_terms' | undefined => {
  const known = findId(ids, commandId)
  if (!known) return undefined
  return known.termsHash === shortTerms(termsHash) ? known : 'other_terms'
}

/** Whether an id was used at all. */
export const isKnown = (ids: KnownIds, commandId: string): boolean => findId(ids, commandId) !== undefined

/** Remembers an accepted order or deposit that leaves the fold; a full segment is sealed. */
export const rememberClosed = <T extends KnownIds>(ids: T, commandId: string, termsHash: string, revision: bigint): T => {
  const closed = ids.closed.set(idHash(commandId), { termsHash: shortTerms(termsHash), revision })
  if (closed.size < SEGMENT_ROWS) return { ...ids, closed }
  const sealed = ids.sealed.push(sealSegment(ids.segments, closed)).takeLast(SEGMENTS_KEPT)
  return { ...ids, closed: closed.clear(), sealed, segments: ids.segments + 1 }
}

export const rememberRejected = <T extends KnownIds>(ids: T, commandId: string, termsHash: string, revision: bigint): T => {
  const rejected = ids.rejected.set(idHash(commandId), { termsHash: shortTerms(termsHash), revision })
  const oldest = rejected.size > REJECTED_KEPT ? rejected.keySeq().first() : undefined
  return { ...ids, rejected: oldest === undefined ? rejected : rejected.delete(oldest) }
}

/** Numbers of the stored segments that a decision on client ids needs and this fold does not hold. */
export const segmentsMissing = (ids: KnownIds): readonly number[] => {
  const needed = Math.min(ids.segments, SEGMENTS_KEPT) - ids.sealed.size
  const first = Math.max(0, ids.segments - SEGMENTS_KEPT)
  return Array.from({ length: Math.max(0, needed) }, (_, i) => first + i)
}

/** Puts loaded segments below those that this fold has sealed itself. */
export const withSegments = <T extends KnownIds>(ids: T, loaded: readonly Segment[]): T => ({
  ...ids,
  sealed: ids.sealed.unshift(...loaded),
})

const findId = (ids: KnownIds, commandId: string): KnownId | undefined => {
  const hash = idHash(commandId)
  return ids.closed.get(hash) ?? ids.rejected.get(hash) ?? findSealed(ids.sealed, hash)
}

const findSealed = (sealed: List<Segment>, hash: string): KnownId | undefined => {
  if (sealed.size === 0) return undefined
  const key = Buffer.from(hash, 'base64url')
  for (let i = sealed.size - 1; i >= 0; i--) {
    const found = findRow(sealed.get(i)!, key)
    if (found) return found
  }
  return undefined
}
