import type { EventStore, FollowOptions, RecordedEvent } from '../../events/store/event-store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { MemoryLog } from './memory-log.ts'

/** The event store's port over a log in memory, without faults and without waiting: for corpora and small tests. */
export const quietStore = (log: MemoryLog, clock: Clock): EventStore => ({
  append: async (stream, expected, events) => log.append(stream, expected, events, clock.now()),
  async *readStream(stream, from = 0n, maxCount = Number.MAX_SAFE_INTEGER) {
    let left = maxCount
    for (const event of log.stream(stream).filter(({ revision }) => revision >= from)) if (left-- > 0) yield event
  },
  async *readBackwards(stream, maxCount) {
    yield* log.stream(stream).slice(-maxCount).reverse()
  },
  async *readAll(after, maxCount = Number.MAX_SAFE_INTEGER) {
    yield* log.all.filter(({ position }) => position.commit > (after?.commit ?? -1n)).slice(0, maxCount)
  },
  async *newest(maxCount) {
    yield* log.all.slice(-maxCount).reverse()
  },
  head: async () => log.all.at(-1)?.position ?? { commit: 0n, prepare: 0n },
  follow: (options) => follow(log, options),
  setMaxCount: async (stream, count) => log.setMaxCount(stream, count),
  connected: () => ({ ready: true }),
  close: async () => undefined,
})

async function* follow(log: MemoryLog, { after, streams, signal, batch }: FollowOptions): AsyncIterable<readonly RecordedEvent[]> {
  const wanted = new RegExp(streams)
  let next = after === undefined ? 0 : log.all.findIndex(({ position }) => position.commit > after.commit)
  if (next < 0) next = log.all.length
  let ring: () => void = () => undefined
  log.onAppend(() => ring())
  signal.addEventListener('abort', () => ring(), { once: true })
  while (!signal.aborted) {
    const rung = new Promise<void>((resolve) => {
      ring = resolve
    })
    const events: RecordedEvent[] = []
    while (next < log.all.length && events.length < batch) {
      const event = log.all[next++]!
      if (wanted.test(event.streamId)) events.push(event)
    }
    if (events.length > 0) yield events
    else if (next >= log.all.length) await rung
  }
}
