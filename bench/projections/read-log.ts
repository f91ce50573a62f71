import type { RecordedEvent } from '../../src/events/store/event-store.ts'
import { connectEventStore } from '../../src/events/store/eventstore-db.ts'
import { slicesFilter } from '../../src/events/streams.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createLog } from '../../src/platform/log.ts'
import { assignSlices } from '../../src/projections/shard-map.ts'
import type { Task } from './contender.ts'

const log = createLog('bench-log', process.env.QUANTBOT_LOG ?? 'error')

/** The log of a task from its beginning to its last head, by the subscription that the product takes. */
export async function* readLog({ eventStoreUrl, databaseUrls, heads }: Task): AsyncIterable<readonly RecordedEvent[]> {
  const store = await connectEventStore({ url: eventStoreUrl, log, clock: systemClock })
  try {
    const streams = slicesFilter([...assignSlices(databaseUrls.length).keys()])
    for await (const events of store.follow({ after: undefined, streams, signal: new AbortController().signal, batch: 500 })) {
      yield events
      if (heads.every((head) => events.at(-1)!.position.commit >= head)) return
    }
  } finally {
    await store.close()
  }
}
