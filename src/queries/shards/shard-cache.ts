import { LRUCache } from 'lru-cache'
import { monotonicMs } from '../../platform/clock.ts'
import type { ShardMessage } from '../../projections/cache/channel.ts'
import type { CachedDocument, ShardStep } from '../../projections/feed.ts'

export interface CacheHit {
  readonly json: string
  /** Commit position that the document is true at. */
  readonly asOf: bigint
}

/** The documents of one shard in this process, and where its newer ones are in Redis. */
export interface ShardCache {
  get(key: string): CacheHit | undefined
  /** Keeps what a reader found, unless the shard has moved on meanwhile. */
  fill(key: string, hit: CacheHit): void
  /** A step of a projector in this process: brings the documents along. */
  applyStep(step: ShardStep): void
  /** A step told over Redis: the documents are there, ours of the same keys are old. */
  applyMessage(message: ShardMessage): void
  /** Whether steps are being told at all. */
  told(): boolean
  /** Messages may have been missed. */
  lost(): void
  /** The keys in force in Redis and the position up to which they are complete; undefined while nobody tells. */
  redis(): { readonly namespace: string; readonly position: bigint } | undefined
}

/** Documents of one shard, about 0.5 KB each. */
const MOST_DOCUMENTS = 20_000
/** Projectors give a sign of life twice a second; after six missed ones they may be telling others, but not us. */
const SILENCE_MS = 3_000

/**
 * A document stays true while the shard's steps arrive without a gap and none names it; then it is as of the last step.
 * After a gap, a reset or silence everything is forgotten: the database answers instead, slower and never wrong.
 */
export const createShardCache = (now: () => number = monotonicMs): ShardCache => {
  const documents = new LRUCache<string, CacheHit>({ max: MOST_DOCUMENTS })
  let at: bigint | undefined
  let fence = -1n
  let heard = now()
  let redis: { namespace: string; position: bigint; heard: number } | undefined

  const forget = (): void => {
    documents.clear()
    at = undefined
  }

  /** Follows the chain of steps; answers whether the step is news. */
  const advance = (step: { fence: bigint; from: bigint; to: bigint; reset: boolean }): boolean => {
    if (step.fence < fence) return false
    fence = step.fence
    const silent = now() - heard > SILENCE_MS
    heard = now()
    if (at !== undefined && !silent && !step.reset) {
      if (step.to <= at) return false
      if (step.from !== at) forget()
    } else forget()
    at = step.to
    return true
  }

  return {
    get: (key) => {
      if (at === undefined || now() - heard > SILENCE_MS) return undefined
      const hit = documents.get(key)
      return hit && { json: hit.json, asOf: later(hit.asOf, at) }
    },
    fill: (key, hit) => {
      // read below the last step: that step may have changed it
      if (at !== undefined && hit.asOf >= at) documents.set(key, hit)
    },
    applyStep: (step) => {
      if (!advance(step)) return
      for (const { key, json } of step.documents as readonly CachedDocument[]) documents.set(key, { json, asOf: step.to })
    },
    applyMessage: (message) => {
      if (message.fence < fence) return
      if (!redis || redis.namespace !== message.namespace || message.to > redis.position)
        redis = { namespace: message.namespace, position: message.to, heard: now() }
      else redis.heard = now()
      if (advance(message)) for (const key of message.keys) documents.delete(key)
    },
    told: () => at !== undefined && now() - heard <= SILENCE_MS,
    lost: () => {
      redis = undefined
      forget()
    },
    redis: () => (redis && now() - redis.heard <= SILENCE_MS ? redis : undefined),
  }
}

export const later = (a: bigint, b: bigint): bigint => {
  if (a < b) return b
  return a
}
export const earlier = (a: bigint, b: bigint): bigint => {
  if (a < b) return a
  return b
}
