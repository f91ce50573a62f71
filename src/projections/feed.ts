import { type Observable, Subject } from 'rxjs'

/** A document ready to be answered, as of a stream revision. */
export interface CachedDocument {
  /** See document-keys.ts. */
  readonly key: string
  /** Revision of the account's stream: a document never gives way to one with a lower revision. */
  readonly revision: bigint
  readonly json: string
}

/** One committed step of a shard, told after the commit. Steps of a shard follow one another: each `from` is the last `to`. */
export interface ShardStep {
  /** Version of the shard map: during a reshard two are projected. */
  readonly map: number
  readonly shard: number
  /** Lease number of the projector that made it. */
  readonly fence: bigint
  /** Commit positions: the checkpoint before and after. Equal in a sign of life. */
  readonly from: bigint
  readonly to: bigint
  /** Every cached document that changed. */
  readonly documents: readonly CachedDocument[]
  /** Keys of the other documents that changed: they are told of, and read by whoever follows them. */
  readonly told: readonly string[]
  /** What was cached of this shard before is in doubt and must be forgotten. */
  readonly reset: boolean
}

/** Tells the readers of the same process what the projector has committed, within the same turn of the event loop. */
export interface ShardFeed {
  publish(step: ShardStep): void
  readonly steps: Observable<ShardStep>
}

export const createShardFeed = (): ShardFeed => {
  const steps = new Subject<ShardStep>()
  return { publish: (step) => steps.next(step), steps: steps.asObservable() }
}
