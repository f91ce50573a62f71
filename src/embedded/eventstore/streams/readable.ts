import { createdMsOf, type StoredEvent } from '../log/record.ts'
import { isSoftDeleted } from './metadata.ts'
import type { Store } from './store.ts'
import type { StreamState } from './stream-index.ts'

/** What the stream's metadata leaves readable right now. `$all` is never cut. */
export interface ReadableRange {
  readonly state: StreamState
  /** Revisions below are gone by $maxCount or $tb. */
  readonly lowest: number
  /** The last durable one. */
  readonly highest: number
  /** Gone by $maxAge. */
  isExpired(event: StoredEvent): boolean
}

/** Undefined when the stream reads as not found: never written to, or soft-deleted. Tombstones are for the caller to check first. */
export const readableRange = ({ index }: Store, stream: string): ReadableRange | undefined => {
  const state = index.find(stream)
  if (state === undefined || state.positions.length === 0) return undefined
  const metadata = state.durableMetadata
  if (isSoftDeleted(metadata)) return undefined
  const highest = state.positions.length - 1
  const { maxCount, maxAgeSeconds, truncateBefore } = metadata
  const oldest = maxAgeSeconds === undefined ? undefined : Date.now() - maxAgeSeconds * 1_000
  return {
    state,
    lowest: Math.max(0, truncateBefore ?? 0, maxCount === undefined ? 0 : highest - maxCount + 1),
    highest,
    isExpired: (event) => oldest !== undefined && createdMsOf(event) < oldest,
  }
}
