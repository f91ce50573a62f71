// The ceiling: the subscription alone, as the product takes it, every event parsed by the client and thrown away.
import { connectEventStore } from '../../src/events/store/eventstore-db.ts'
import { slicesFilter } from '../../src/events/streams.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createLog } from '../../src/platform/log.ts'
import { assignSlices, slicesOf } from '../../src/projections/shard-map.ts'
import { contend } from './contender.ts'

const log = createLog('bench-subscription', process.env.QUANTBOT_LOG ?? 'error')

await contend('subscription', async ({ eventStoreUrl, databaseUrls, heads }) => {
  const store = await connectEventStore({ url: eventStoreUrl, log, clock: systemClock })
  const map = { version: 1, shards: databaseUrls.length, assignment: assignSlices(databaseUrls.length) }
  const streams = slicesFilter(slicesOf(map, new Set(databaseUrls.keys())))
  const stop = new AbortController()
  for await (const events of store.follow({ after: undefined, streams, signal: stop.signal, batch: 500 }))
    if (heads.every((head) => events.at(-1)!.position.commit >= head)) break
  stop.abort()
  await store.close()
  return 0
})
