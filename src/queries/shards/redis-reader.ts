import { type Observable, Subject } from 'rxjs'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { connectRedis } from '../../platform/redis.ts'
import { channelOf, decodeMessage, type ShardMessage } from '../../projections/cache/channel.ts'
import { readDocument } from '../../projections/cache/compare-and-set.ts'
import { type CacheHit, later } from './shard-cache.ts'
import type { Shard } from './shards.ts'

/** The second tier of the cache. */
export interface RedisReader {
  /** The document as the projector stored it; undefined when Redis is away, slow, or has nothing in force. */
  read(shard: Shard, key: string): Promise<CacheHit | undefined>
  ready(): boolean
  /** Every step told. */
  readonly messages: Observable<ShardMessage>
  close(): Promise<void>
}

/** A read by key that takes this long is slower than the database. */
const SLOW_MS = 50
/** After a failed or slow read Redis is not asked for this long: a sick cache must not slow every answer down. */
const BREAK_MS = 1_000

/** Hears the projectors' steps over Redis and reads their documents there. */
export const openRedisReader = (
  url: string,
  shards: () => readonly Shard[],
  { logId, clock, log }: { readonly logId: string; readonly clock: Clock; readonly log: Logger },
): RedisReader => {
  const reads = connectRedis(url, { name: 'queries', log })
  const hears = connectRedis(url, { name: 'queries-steps', log })
  const channel = channelOf(logId)
  const messages = new Subject<ShardMessage>()
  let brokenUntil = 0

  const forgetAll = (): void => {
    for (const { cache } of shards()) cache.lost()
  }
  hears.onLost(forgetAll)
  // subscribed again by hand: only then is it known from when on nothing is missed
  hears.client.on('ready', () => {
    hears.client.subscribe(channel).catch((error: unknown) => {
      log.debug({ err: error }, 'not subscribed to steps')
      hears.client.disconnect(true)
    })
  })
  hears.client.on('message', (_channel: string, text: string) => {
    const message = decodeMessage(text)
    const shard = message && shards().find((one) => one.map === message.map && one.shard === message.shard)
    if (!shard) return
    shard.cache.applyMessage(message)
    shard.progress.saw(message.to)
    messages.next(message)
  })

  return {
    read: async ({ cache }, key) => {
      const inForce = cache.redis()
      if (!inForce || !reads.state().ready || clock.now() < brokenUntil) return undefined
      // taken before the read: the namespace was complete up to here when we asked
      const { namespace, position } = inForce
      const asked = clock.now()
      try {
        const found = await readDocument(reads.client, namespace + key)
        if (clock.now() - asked > SLOW_MS) brokenUntil = clock.now() + BREAK_MS
        return found && { json: found.json, asOf: later(found.position, position) }
      } catch (error) {
        brokenUntil = clock.now() + BREAK_MS
        log.debug({ err: error }, 'a document could not be read from Redis')
        return undefined
      }
    },
    messages: messages.asObservable(),
    ready: () => reads.state().ready && hears.state().ready,
    close: async () => {
      await Promise.all([reads.close(), hears.close()])
    },
  }
}
