// The product's projector, as it runs in production: leases, guards, checkpoints, documents for the cache, metrics.
import { ensureLogId } from '../../src/events/log-identity.ts'
import { connectEventStore } from '../../src/events/store/eventstore-db.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createHealthBoard } from '../../src/platform/health.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { createLog } from '../../src/platform/log.ts'
import { createRegistry } from '../../src/platform/metrics.ts'
import { createShardFeed } from '../../src/projections/feed.ts'
import { startProjectorRole } from '../../src/projections/role.ts'
import { contend } from './contender.ts'

const log = createLog('bench-product', process.env.QUANTBOT_LOG ?? 'error')

await contend('product', async ({ eventStoreUrl, databaseUrls, heads }) => {
  const store = await connectEventStore({ url: eventStoreUrl, log, clock: systemClock })
  const feed = createShardFeed()
  const registry = createRegistry('bench')
  const at = new Map<number, bigint>()
  const arrived = new Promise<void>((resolve) => {
    feed.steps.subscribe(({ shard, to }) => {
      at.set(shard, to)
      if (at.size === databaseUrls.length && [...at].every(([shard, position]) => position >= heads[shard]!)) resolve()
    })
  })
  const projector = await startProjectorRole({
    store,
    logId: await ensureLogId(store, systemIds),
    databaseUrls,
    redisUrl: undefined,
    feed,
    registry,
    health: createHealthBoard(),
    clock: systemClock,
    ids: systemIds,
    log,
  })
  await arrived
  await projector.close()
  await store.close()
  const written = await registry.getSingleMetric('quantbot_projection_rows_total')!.get()
  return written.values.reduce((sum, { value }) => sum + value, 0)
})
