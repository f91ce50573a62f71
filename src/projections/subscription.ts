import type { EventStore, Position, RecordedEvent } from '../events/store/event-store.ts'
import { parseAccountStream, slicesFilter } from '../events/streams.ts'
import type { ShardMap } from './shard-map.ts'
import { slicesOf } from './shard-map.ts'
import { BEFORE_ALL, isAfter } from './writing/checkpoint.ts'
import type { ShardWriter } from './writing/shard-writer.ts'

export interface SubscriptionOptions {
  readonly store: EventStore
  readonly map: ShardMap
  readonly writers: readonly ShardWriter[]
  readonly signal: AbortSignal
  readonly onState: (state: { readonly connected: boolean; readonly detail?: string }) => void
}

/** Handed to the shards at a time: more would only wait in their queues. */
const DELIVERY = 500

/**
 * One subscription for all shards of this process, from the lowest of their checkpoints; what a shard has had already, its writer drops.
 * Reference events go to every shard. Takes nothing further while any queue is full. Ends when the signal aborts.
 */
export const dispatchEvents = async ({ store, map, writers, signal, onState }: SubscriptionOptions): Promise<void> => {
  const byShard = new Map(writers.map((writer) => [writer.shard, writer]))
  const streams = slicesFilter(slicesOf(map, new Set(byShard.keys())))
  const after = lowest(writers)
  for await (const events of store.follow({ after, streams, signal, batch: DELIVERY, onState })) {
    const to = events.at(-1)!.position
    const parts = new Map<number, RecordedEvent[]>(writers.map((writer) => [writer.shard, []]))
    for (const event of events) {
      const account = parseAccountStream(event.streamId)
      if (account) parts.get(map.assignment[account.slice]!)?.push(event)
      else for (const part of parts.values()) part.push(event)
    }
    for (const [shard, part] of parts) byShard.get(shard)!.push(part, to)
    await Promise.all(writers.map((writer) => writer.room()))
    if (signal.aborted) return
  }
}

/** Undefined = from the beginning. */
const lowest = (writers: readonly ShardWriter[]): Position | undefined => {
  const positions = writers.map((writer) => writer.position())
  const least = positions.reduce((a, b) => (isAfter(a, b) ? b : a))
  return isAfter(least, BEFORE_ALL) ? least : undefined
}
