import type { Context } from 'mocha'
import { ensureLogId } from '../../../src/events/log-identity.ts'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { connectEventStore } from '../../../src/events/store/eventstore-db.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { createHealthBoard, type HealthBoard } from '../../../src/platform/health.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { createPool, type Pool } from '../../../src/platform/postgres.ts'
import type { ShardFeed } from '../../../src/projections/feed.ts'
import { startProjectorRole } from '../../../src/projections/role.ts'
import { databaseUrls, eventStoreUrl } from '../../support/services.ts'

export const log = createLog('test', process.env.QUANTBOT_LOG ?? 'fatal')

/** The shared log's map is for this many databases. */
export const SHARDS = 4

/** A read side of its own on the shared log, or on one of its own: fresh databases, pools to look into them, everything closed at the end. */
export interface ReadSide {
  readonly store: EventStore
  readonly logId: string
  readonly urls: readonly string[]
  readonly pools: readonly Pool[]
  startProjector(options?: {
    readonly redisUrl?: string
    readonly feed?: ShardFeed
    readonly health?: HealthBoard
  }): Promise<{ close(): Promise<void> }>
  close(): Promise<void>
}

export const openReadSide = async (given?: readonly string[], storeUrl?: string): Promise<ReadSide> => {
  const store = await connectEventStore({ url: storeUrl ?? (await eventStoreUrl()), log, clock: systemClock })
  const logId = await ensureLogId(store, systemIds)
  const urls = given ?? (await databaseUrls(SHARDS))
  const pools = urls.map((url, shard) => createPool(url, { name: `test-${shard}`, log, max: 2 }))
  const running: { close(): Promise<void> }[] = []
  return {
    ...{ store, logId, urls, pools },
    startProjector: async ({ redisUrl, feed, health } = {}) => {
      const projector = await startProjectorRole({
        ...{ store, logId, databaseUrls: urls, redisUrl, registry: createRegistry('test'), health: health ?? createHealthBoard() },
        ...{ clock: systemClock, ids: systemIds, log },
        // rows that a test puts wrong by hand are for the test to find
        verifyEveryMs: 3_600_000,
        ...(feed ? { feed } : {}),
      })
      let closed: Promise<void> | undefined
      const once = { close: () => (closed ??= projector.close()) }
      running.push(once)
      return once
    },
    close: async () => {
      for (const projector of running) await projector.close()
      await Promise.all(pools.map((pool) => pool.end()))
      await store.close()
    },
  }
}

/** Waits until every shard's checkpoint has passed the position; fails after a minute. */
export const caughtUp = async (side: ReadSide, commit: bigint): Promise<void> => {
  const end = Date.now() + 60_000
  for (;;) {
    const positions = await Promise.all(
      side.pools.map(async (pool) => (await pool.query<{ p: bigint }>('SELECT commit_position AS p FROM checkpoint')).rows[0]?.p ?? -1n),
    )
    if (positions.every((position) => position >= commit)) return
    if (Date.now() > end) throw new Error(`shards are at ${positions.join(', ')}, not at ${commit}`)
    await systemClock.sleep(20)
  }
}

/** Account ids that no other test of the run uses. */
export const freshAccounts = (count: number, name = 'p'): readonly string[] => {
  const tag = systemIds.bytes(5).toString('hex')
  return Array.from({ length: count }, (_, n) => `${name}-${tag}-${n}`)
}

export const slow = (context: Context, ms: number): void => void context.timeout(ms)
