// A projector alone in a process, to be killed by a test: URLs come by environment.
import { ensureLogId } from '../../../src/events/log-identity.ts'
import { connectEventStore } from '../../../src/events/store/eventstore-db.ts'
import { announceReady, stopWithParent } from '../../../src/platform/child.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { createHealthBoard } from '../../../src/platform/health.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { startProjectorRole } from '../../../src/projections/role.ts'

const log = createLog('projector', process.env.QUANTBOT_LOG ?? 'fatal')
const store = await connectEventStore({ url: process.env.EVENTSTORE_URL!, log, clock: systemClock })
const projector = await startProjectorRole({
  ...{
    store,
    logId: await ensureLogId(store, systemIds),
    databaseUrls: process.env.DATABASE_URLS!.split(','),
    redisUrl: process.env.REDIS_URL,
  },
  ...{ registry: createRegistry('test'), health: createHealthBoard(), clock: systemClock, ids: systemIds, log },
})
stopWithParent(async () => {
  await projector.close()
  await store.close()
})
announceReady({ part: 'projector', port: 0 })
