import type { Logger } from '../../platform/log.ts'
import type { RedisConnection } from '../../platform/redis.ts'
import type { ShardStep } from '../feed.ts'
import type { ProjectionMetrics } from '../metrics.ts'
import { channelOf, encodeMessage, namespaceOf } from './channel.ts'
import { writeDocuments } from './compare-and-set.ts'

export interface CacheWriter {
  /** Sends a committed step's documents, in the order of the calls. Never waits, never throws: what can't be sent is given up with its namespace. */
  write(step: ShardStep): void
  close(): Promise<void>
}

/** Steps of one shard that may wait for Redis. Behind that it is slower than the database, and better given up. */
const MOST_WAITING = 16

/**
 * Keeps Redis in step with the shards this process projects. Any doubt (a lost connection, a failed or skipped write, a paused stream)
 * starts a new namespace: nothing of the old one is read again, so a missed write can't leave a stale document behind.
 */
export const createCacheWriter = (
  redis: RedisConnection,
  { logId, metrics, log }: { readonly logId: string; readonly metrics: ProjectionMetrics; readonly log: Logger },
): CacheWriter => {
  const channel = channelOf(logId)
  const shards = new Map<string, { life: number; waiting: number; tail: Promise<void> }>()
  let lives = 0
  redis.onLost(() => {
    for (const shard of shards.values()) shard.life = ++lives
  })

  const stateOf = ({ map, shard: number }: ShardStep) => {
    const shard = `${map}.${number}`
    const known = shards.get(shard)
    if (known) return known
    const made = { life: lives, waiting: 0, tail: Promise.resolve() }
    shards.set(shard, made)
    return made
  }

  const send = async (step: ShardStep, namespace: string): Promise<void> => {
    const { documents, to } = step
    const written = await writeDocuments(redis.client, {
      namespace,
      documents,
      position: to,
      channel,
      message: encodeMessage(step, namespace),
    })
    metrics.cacheWrites.inc({ outcome: 'written' }, written)
    metrics.cacheWrites.inc({ outcome: 'skipped' }, documents.length - written)
  }

  return {
    write: (step) => {
      const state = stateOf(step)
      if (step.reset) state.life = ++lives
      if (!redis.state().ready || state.waiting >= MOST_WAITING) {
        if (step.documents.length > 0) state.life = ++lives
        metrics.cacheWrites.inc({ outcome: 'dropped' }, step.documents.length)
        return
      }
      state.waiting++
      state.tail = state.tail
        .then(() => send(step, namespaceOf(logId, step, state.life)))
        .catch((error: unknown) => {
          state.life = ++lives
          metrics.cacheWrites.inc({ outcome: 'dropped' }, step.documents.length)
          log.debug({ err: error, shard: step.shard }, 'documents not cached')
        })
        .finally(() => {
          state.waiting--
        })
    },
    close: async () => {
      await Promise.all([...shards.values()].map(({ tail }) => tail))
    },
  }
}
