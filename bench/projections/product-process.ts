// One projector of the product, as it runs in production: leases, guards, checkpoints, documents for the cache, metrics.
import { ensureLogId } from '../../src/events/log-identity.ts'
import { connectEventStore } from '../../src/events/store/eventstore-db.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createHealthBoard } from '../../src/platform/health.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { createLog } from '../../src/platform/log.ts'
import { createRegistry } from '../../src/platform/metrics.ts'
import { startProjectorRole } from '../../src/projections/role.ts'
import { contend } from './contender.ts'
import { arrived } from './databases.ts'

const log = createLog('bench-product', process.env.QUANTBOT_LOG ?? 'error')

await contend('product', async ({ eventStoreUrl, databaseUrls, heads }) => {
  const store = await connectEventStore({ url: eventStoreUrl, log, clock: systemClock })
  const registry = createRegistry('bench')
  const projector = await startProjectorRole({
    store,
    logId: await ensureLogId(store, systemIds),
    databaseUrls,
    redisUrl: undefined,
    registry,
    health: createHealthBoard(),
    clock: systemClock,
    ids: systemIds,
    log,
  })
  // of every shard, whichever of several projectors has it
  await arrived(databaseUrls, heads)
  await projector.close()
  await store.close()
  const written = await registry.getSingleMetric('quantbot_projection_rows_total')!.get()
  return written.values.reduce((sum, { value }) => sum + value, 0)
})
