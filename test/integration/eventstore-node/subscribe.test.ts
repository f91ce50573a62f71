import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type AllStreamSubscription,
  END,
  eventTypeFilter,
  excludeSystemEvents,
  type Filter,
  type Position,
  type ResolvedEvent,
  START,
  StreamDeletedError,
  type StreamSubscription,
  streamNameFilter,
} from '@eventstore/db-client'
import { systemClock } from '../../../src/platform/clock.ts'
import { revisionsOf, testEvent, testEvents } from './events.ts'
import { serverUnderTest } from './server-under-test.ts'

describe('event store: catch-up subscriptions', () => {
  const server = serverUnderTest()

  it('to a stream: catches up, says so once, goes on live', async () => {
    const stream = server.streamName('live')
    await server.client.appendToStream(stream, testEvents(3))
    const seen = follow(server.client.subscribeToStream(stream, { fromRevision: START }))
    await seen.until(3)
    await seen.caughtUp
    await server.client.appendToStream(stream, testEvents(2, 3))
    await seen.until(5)
    assert.deepEqual(revisionsOf(seen.events), [0, 1, 2, 3, 4])
    assert.equal(seen.timesCaughtUp(), 1)
    await seen.stop()
  })

  it('to a stream: begins behind the revision it names, waits for one that does not exist yet', async () => {
    const stream = server.streamName('later')
    const fromStart = follow(server.client.subscribeToStream(stream, { fromRevision: START }))
    await fromStart.caughtUp
    await server.client.appendToStream(stream, testEvents(4))
    await fromStart.until(4)
    const fromOne = follow(server.client.subscribeToStream(stream, { fromRevision: 1n }))
    await fromOne.until(2)
    const fromEnd = follow(server.client.subscribeToStream(stream, { fromRevision: END }))
    await fromEnd.caughtUp
    await server.client.appendToStream(stream, testEvent(4))
    await Promise.all([fromStart.until(5), fromOne.until(3), fromEnd.until(1)])
    assert.deepEqual(revisionsOf(fromOne.events), [2, 3, 4])
    assert.deepEqual(revisionsOf(fromEnd.events), [4])
    await Promise.all([fromStart.stop(), fromOne.stop(), fromEnd.stop()])
  })

  it('to a stream: is dropped when the stream is tombstoned', async () => {
    const stream = server.streamName('dropped')
    await server.client.appendToStream(stream, testEvent(0))
    const subscription = server.client.subscribeToStream(stream)
    const failed = once(subscription, 'error')
    const seen = follow(subscription)
    await seen.caughtUp
    await server.client.tombstoneStream(stream)
    const [error] = await failed
    assert.ok(error instanceof StreamDeletedError)
  })

  it('to $all: begins behind the position it names and delivers every event once, in order', async () => {
    const streams = [server.streamName('all-a'), server.streamName('all-b')]
    const { position } = await server.client.appendToStream(streams[0]!, testEvent(0))
    for (let i = 0; i < 20; i++) await server.client.appendToStream(streams[i % 2]!, testEvent(i))
    const seen = follow(server.client.subscribeToAll({ fromPosition: position! }))
    await seen.caughtUp
    await Promise.all(Array.from({ length: 20 }, (_, i) => server.client.appendToStream(streams[i % 2]!, testEvent(20 + i))))
    const own = () => seen.events.filter(({ event }) => streams.includes(event!.streamId))
    await seen.when(() => own().length >= 40)
    assert.equal(new Set(own().map(({ event }) => event!.id)).size, 40)
    const positions = seen.events.map(({ event }) => event!.position!.commit)
    assert.deepEqual(
      positions,
      [...positions].sort((a, b) => (a < b ? -1 : 1)),
    )
    await seen.stop()
  })

  it('to $all: resumes from the last handled event without losing or repeating one', async () => {
    const stream = server.streamName('resume')
    const { position } = await server.client.appendToStream(stream, testEvents(50))
    const filter = streamNameFilter({ prefixes: [stream] })
    const handled: ResolvedEvent[] = []
    let from: Position | 'start' = START
    while (handled.length < 50) {
      const seen: Followed = follow(server.client.subscribeToAll({ fromPosition: from, filter }))
      await seen.until(7, 50 - handled.length)
      handled.push(...seen.events.slice(0, 7))
      from = handled.at(-1)!.event!.position!
      await seen.stop()
    }
    assert.deepEqual(
      revisionsOf(handled),
      testEvents(50).map(({ data }) => data.n),
    )
    assert.deepEqual(from, position)
  })

  it('to $all, filtered: delivers matching events only, and checkpoints past those that do not match', async () => {
    const stream = server.streamName('match')
    const other = server.streamName('other')
    await server.client.appendToStream(stream, testEvent(0))
    const { position } = await server.client.appendToStream(other, testEvents(200))
    const checkpoints: Position[] = []
    const filter = streamNameFilter({
      regex: `^${stream}$`,
      maxSearchWindow: 32,
      checkpointInterval: 1,
      checkpointReached: (_subscription, at) => void checkpoints.push(at),
    })
    const seen = follow(server.client.subscribeToAll({ fromPosition: START, filter }))
    await seen.caughtUp
    assert.deepEqual(
      seen.events.map(({ event }) => event!.streamId),
      [stream],
    )
    await until(() => checkpoints.some(({ commit }) => commit >= position!.commit))
    assert.ok(checkpoints.length >= 3)
    const before = checkpoints.length
    await server.client.appendToStream(other, testEvents(100))
    await until(() => checkpoints.length > before)
    await server.client.appendToStream(stream, testEvent(1))
    await seen.until(2)
    await seen.stop()
  })

  it('to $all: filters on stream name and event type, by prefix and by regular expression', async () => {
    const label = server.streamName('filtered')
    const type = `type-${label}`
    await server.client.appendToStream(`${label}.a`, [testEvent(0, undefined, `${type}.x`), testEvent(1)])
    await server.client.appendToStream(`${label}.b`, [testEvent(0, undefined, `${type}.y`)])
    const deliveries: [Filter, string[]][] = [
      [streamNameFilter({ prefixes: ['none-such', `${label}.a`] }), ['.a0', '.a1']],
      [streamNameFilter({ regex: `^${label}\\.(?:b|c)$` }), ['.b0']],
      [eventTypeFilter({ prefixes: [type] }), ['.a0', '.b0']],
      [eventTypeFilter({ regex: `${type}\\.y$` }), ['.b0']],
    ]
    for (const [filter, expected] of deliveries) {
      const seen = follow(server.client.subscribeToAll({ fromPosition: START, filter }))
      await seen.caughtUp
      await seen.until(expected.length)
      assert.deepEqual(
        seen.events.map(({ event }) => `${event!.streamId.slice(label.length)}${event!.revision}`),
        expected,
      )
      await seen.stop()
    }
  })

  it('to $all: leaves system events out when asked to, and delivers them otherwise', async () => {
    const withSystem = follow(server.client.subscribeToAll({ fromPosition: START }))
    const without = follow(server.client.subscribeToAll({ fromPosition: START, filter: excludeSystemEvents() }))
    await Promise.all([withSystem.caughtUp, without.caughtUp])
    const isSystem = ({ event }: ResolvedEvent): boolean => event!.type.startsWith('$')
    await withSystem.when(() => withSystem.events.some(isSystem))
    assert.ok(!without.events.some(isSystem))
    await Promise.all([withSystem.stop(), without.stop()])
  })
})

const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await systemClock.sleep(5)
}

interface Followed {
  readonly events: ResolvedEvent[]
  readonly caughtUp: Promise<unknown>
  timesCaughtUp(): number
  until(count: number, atMost?: number): Promise<void>
  when(done: () => boolean): Promise<void>
  stop(): Promise<void>
}

const follow = (subscription: StreamSubscription | AllStreamSubscription): Followed => {
  const events: ResolvedEvent[] = []
  let caughtUp = 0
  subscription.on('data', (event: ResolvedEvent) => events.push(event))
  subscription.on('caughtUp', () => {
    caughtUp += 1
  })
  subscription.on('error', () => undefined)
  return {
    events,
    caughtUp: once(subscription, 'caughtUp'),
    timesCaughtUp: () => caughtUp,
    until: (count, atMost = count) => until(() => events.length >= Math.min(count, atMost)),
    when: until,
    stop: () => subscription.unsubscribe(),
  }
}
