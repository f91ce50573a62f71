import assert from 'node:assert/strict'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import type { EventStore, NewEvent, RecordedEvent } from '../../../src/events/store/event-store.ts'
import { connectEventStore } from '../../../src/events/store/eventstore-db.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { eventStoreUrl } from '../../support/services.ts'
import { cuttableProxy } from './cuttable-proxy.ts'

const log = createLog('test', 'silent')
const open = (url: string): Promise<EventStore> => connectEventStore({ url, log, clock: systemClock })
const streamName = (): string => `suite-${systemIds.uuid()}`
const event = (n = 0): NewEvent => ({ id: systemIds.uuid(), type: 'Counted', data: { n }, metadata: { schema: 1 } })

const collect = async (events: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> => {
  const all: RecordedEvent[] = []
  for await (const one of events) all.push(one)
  return all
}

/** Follows until `count` events have come; fails when they don't within 10 s. */
const take = async (
  store: EventStore,
  streams: string,
  count: number,
  batch = 100,
  after: RecordedEvent['position'] | undefined = undefined,
) => {
  const stop = AbortSignal.timeout(10_000)
  const enough = new AbortController()
  const got: RecordedEvent[] = []
  for await (const events of store.follow({ after, streams, batch, signal: AbortSignal.any([stop, enough.signal]) })) {
    got.push(...events)
    if (got.length >= count) break
  }
  enough.abort()
  assert.equal(stop.aborted, false, `only ${got.length} of ${count} events came`)
  return got
}

describe('event store port', () => {
  let url: string
  let store: EventStore

  before(async () => {
    url = await eventStoreUrl()
    store = await open(url)
  })
  after(() => store.close())

  it('appends under an exact revision and answers revision and position', async () => {
    const stream = streamName()
    const first = await store.append(stream, 'no_stream', [event(1), event(2)])
    assert.equal(first.kind, 'appended')
    const second = await store.append(stream, 1n, [event(3)])
    assert.ok(first.kind === 'appended' && second.kind === 'appended')
    assert.deepEqual([first.revision, second.revision], [1n, 2n])
    assert.ok(second.position.commit > first.position.commit)
    const read = await collect(store.readStream(stream))
    assert.deepEqual(
      read.map((e) => [e.revision, (e.data as { n: number }).n]),
      [
        [0n, 1],
        [1n, 2],
        [2n, 3],
      ],
    )
    assert.equal(read[2]?.position.commit, second.position.commit)
  })

  it('tells a conflict with the revision the stream is at, and writes nothing', async () => {
    const stream = streamName()
    await store.append(stream, 'no_stream', [event()])
    assert.deepEqual(await store.append(stream, 'no_stream', [event()]), { kind: 'conflict', actual: 0n })
    assert.deepEqual(await store.append(stream, 7n, [event()]), { kind: 'conflict', actual: 0n })
    assert.deepEqual(await store.append(streamName(), 0n, [event()]), { kind: 'conflict', actual: undefined })
    assert.equal((await collect(store.readStream(stream))).length, 1)
  })

  it('takes the same ids under the same revision once', async () => {
    const stream = streamName()
    await store.append(stream, 'no_stream', [event(0)])
    const batch = [event(1), event(2)]
    const once = await store.append(stream, 0n, batch)
    const again = await store.append(stream, 0n, batch)
    assert.ok(once.kind === 'appended' && again.kind === 'appended')
    assert.equal(again.revision, once.revision)
    assert.equal((await collect(store.readStream(stream))).length, 3)
  })

  it('reads a missing stream as empty, a long one in pages, and backwards from the newest', async () => {
    assert.deepEqual(await collect(store.readStream(streamName())), [])
    assert.deepEqual(await collect(store.readBackwards(streamName(), 1)), [])
    const stream = streamName()
    for (let from = 0; from < 5_000; from += 500) {
      const expected = from === 0 ? 'no_stream' : BigInt(from - 1)
      await store.append(
        stream,
        expected,
        Array.from({ length: 500 }, (_, n) => event(from + n)),
      )
    }
    const all = await collect(store.readStream(stream))
    assert.equal(all.length, 5_000)
    assert.ok(all.every((e, n) => e.revision === BigInt(n) && (e.data as { n: number }).n === n))
    assert.equal((await collect(store.readStream(stream, 4_990n))).length, 10)
    assert.equal((await collect(store.readStream(stream, 10n, 3_000))).at(-1)?.revision, 3_009n)
    assert.deepEqual(
      (await collect(store.readBackwards(stream, 2))).map((e) => e.revision),
      [4_999n, 4_998n],
    )
  })

  it('keeps the newest events only of a stream with a maximum count', async () => {
    const stream = streamName()
    await store.setMaxCount(stream, 1)
    await store.setMaxCount(stream, 1)
    await store.append(stream, 'any', [event(1)])
    await store.append(stream, 'any', [event(2)])
    assert.deepEqual(
      (await collect(store.readStream(stream))).map((e) => (e.data as { n: number }).n),
      [2],
    )
  })

  it('reads on in $all after a position, without the event at it', async () => {
    const stream = streamName()
    const appended = await store.append(stream, 'no_stream', [event(1), event(2), event(3)])
    assert.equal(appended.kind, 'appended')
    const [first] = await collect(store.readStream(stream, 0n, 1))
    const rest = (await collect(store.readAll(first?.position))).filter((e) => e.streamId === stream)
    assert.deepEqual(
      rest.map((e) => (e.data as { n: number }).n),
      [2, 3],
    )
  })

  it('reads the newest events of $all, newest first, and no more than asked', async () => {
    const stream = streamName()
    await store.append(stream, 'no_stream', [event(1), event(2), event(3)])
    const newest = await collect(store.newest(200))
    assert.deepEqual(
      newest.filter((e) => e.streamId === stream).map((e) => (e.data as { n: number }).n),
      [3, 2, 1],
    )
    assert.equal((await collect(store.newest(2))).length, 2)
  })

  it('follows matching streams in order, from the start and from a position', async () => {
    const tag = streamName()
    await store.append(`${tag}.a`, 'no_stream', [event(1), event(2)])
    await store.append(`other-${tag}`, 'no_stream', [event(9)])
    await store.append(`${tag}.b`, 'no_stream', [event(3)])
    const all = await take(store, `^${tag}\\.`, 3)
    assert.deepEqual(
      all.map((e) => (e.data as { n: number }).n),
      [1, 2, 3],
    )
    const rest = await take(store, `^${tag}\\.`, 1, 100, all[1]?.position)
    assert.deepEqual(
      rest.map((e) => (e.data as { n: number }).n),
      [3],
    )
  })

  it('acknowledges appends while subscriptions of the same process are held back', async () => {
    const stream = streamName()
    const heavy = (n: number): NewEvent => ({ ...event(n), data: { n, filler: 'x'.repeat(2_000) } })
    for (let from = 0; from < 4_000; from += 200) {
      const batch = Array.from({ length: 200 }, (_, n) => heavy(from + n))
      await store.append(stream, from === 0 ? 'no_stream' : BigInt(from - 1), batch)
    }
    const stop = new AbortController()
    const follow = () => store.follow({ after: undefined, streams: `^${stream}$`, batch: 10, signal: stop.signal })[Symbol.asyncIterator]()
    const held = Array.from({ length: 6 }, follow)
    for (const reader of held) await reader.next()
    // 8 MB wait for each of them, and none reads on
    await systemClock.sleep(300)
    for (let n = 0; n < 20; n++) {
      const outcome = await store.append(streamName(), 'no_stream', [event()], 1_000)
      assert.equal(outcome.kind, 'appended')
    }
    stop.abort()
    for (const reader of held) await reader.return?.(undefined)
  })

  it('resumes a cut subscription without a gap or a repetition, while the reader is slow', async () => {
    const proxy = await cuttableProxy(url)
    const remote = await open(proxy.url)
    const stream = streamName()
    const total = 600
    const writing = (async () => {
      for (let n = 0; n < total; n += 20) {
        await store.append(
          stream,
          n === 0 ? 'no_stream' : BigInt(n - 1),
          Array.from({ length: 20 }, (_, i) => event(n + i)),
        )
        if (n % 200 === 100) proxy.cut()
      }
    })()
    const got = await take(remote, `^${stream}$`, total, 7)
    await writing
    assert.deepEqual(
      got.map((e) => Number(e.revision)),
      Array.from({ length: total }, (_, n) => n),
    )
    await remote.close()
    await proxy.close()
  })

  it('survives a cut batch stream with two clients in one process: appends become unknown, the process goes on', async () => {
    const proxy = await cuttableProxy(url)
    const remote = await open(proxy.url)
    // a second client's pending appends are rejected by the first one's broken stream: their late answers must harm nobody
    const other = EventStoreDBClient.connectionString(url)
    const late = Promise.allSettled(
      Array.from({ length: 50 }, () => other.appendToStream(streamName(), jsonEvent({ type: 'T', data: {} }))),
    )
    const stream = streamName()
    const pending = [event(1)]
    const cutting = systemClock.sleep(2).then(() => proxy.cut())
    let outcome = await remote.append(stream, 'no_stream', pending, 1_000)
    await cutting
    for (let tries = 0; outcome.kind === 'unknown' && tries < 50; tries++) {
      await systemClock.sleep(50)
      outcome = await remote.append(stream, 'no_stream', pending, 1_000)
    }
    assert.ok(outcome.kind === 'appended')
    assert.equal((await collect(store.readStream(stream))).length, 1)
    await late
    await systemClock.sleep(50)
    await Promise.race([other.dispose(), systemClock.sleep(500)])
    await remote.close()
    await proxy.close()
  })

  it('gives an unknown outcome in its own time when the server does not answer, and says it is not ready', async () => {
    const proxy = await cuttableProxy(url)
    const remote = await open(proxy.url)
    assert.deepEqual(remote.connected(), { ready: true })
    proxy.stall()
    const began = systemClock.now()
    const outcome = await remote.append(streamName(), 'no_stream', [event()], 300)
    assert.equal(outcome.kind, 'unknown')
    assert.ok(systemClock.now() - began < 1_500)
    while (remote.connected().ready && systemClock.now() - began < 8_000) await systemClock.sleep(50)
    assert.equal(remote.connected().ready, false)
    await proxy.close()
    await remote.close()
  })
})
