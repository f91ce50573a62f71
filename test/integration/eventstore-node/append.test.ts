import assert from 'node:assert/strict'
import {
  ANY,
  BACKWARDS,
  binaryEvent,
  EventStoreDBClient,
  jsonEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
  STREAM_EXISTS,
  WrongExpectedVersionError,
} from '@eventstore/db-client'
import { all, revisionsOf, testEvent, testEvents } from './events.ts'
import { serverUnderTest } from './server-under-test.ts'

describe('event store: append', () => {
  const server = serverUnderTest()
  // per-call credentials make the client use Append instead of BatchAppend; both must obey the same rules
  const calls = [
    ['BatchAppend', {}],
    ['Append', { credentials: { username: 'admin', password: 'changeit' } }],
  ] as const

  for (const [call, options] of calls) {
    describe(`over ${call}`, () => {
      const append = (
        stream: string,
        events: Parameters<EventStoreDBClient['appendToStream']>[1],
        expectedRevision: bigint | 'any' | 'no_stream' | 'stream_exists' = ANY,
      ) => server.client.appendToStream(stream, events, { ...options, expectedRevision })

      it('numbers the events of a stream from 0 and answers the last revision and its position', async () => {
        const stream = server.streamName('append')
        const first = await append(stream, testEvents(3), NO_STREAM)
        assert.equal(first.nextExpectedRevision, 2n)
        const second = await append(stream, testEvent(3), 2n)
        assert.equal(second.nextExpectedRevision, 3n)
        assert.ok(second.position!.commit > first.position!.commit)
        const events = await all(server.client.readStream(stream))
        assert.deepEqual(revisionsOf(events), [0, 1, 2, 3])
        assert.deepEqual(events[2]!.event!.position, first.position)
        assert.deepEqual(events[3]!.event!.position, second.position)
      })

      it('keeps id, type, content, metadata and the time of writing', async () => {
        const stream = server.streamName('content')
        const began = Date.now()
        const json = jsonEvent({ type: 'grüße', data: { text: 'é — 漢字 🙂', nested: [1, null] }, metadata: { $correlationId: 'c-1' } })
        const binary = binaryEvent({ type: 'raw', data: Uint8Array.from([0, 255, 128]), metadata: Uint8Array.from([9, 0]) })
        await append(stream, [json, binary, jsonEvent({ type: 'empty', data: {} })])
        const [a, b, c] = (await all(server.client.readStream(stream))).map(({ event }) => event!)
        assert.deepEqual([a!.id, a!.type, a!.data, a!.metadata, a!.isJson], [json.id, json.type, json.data, json.metadata, true])
        assert.deepEqual(
          [b!.isJson, Buffer.from(b!.data as Uint8Array), b!.metadata],
          [false, Buffer.from([0, 255, 128]), Uint8Array.from([9, 0])],
        )
        assert.equal(c!.metadata, undefined)
        assert.ok(Math.abs(a!.created.getTime() - began) < 60_000)
      })

      it('refuses an expected revision that is not the last one, and says which is', async () => {
        const stream = server.streamName('wrong')
        await assert.rejects(append(stream, testEvent(0), 0n), isWrongVersion(0n, 'no_stream'))
        await assert.rejects(append(stream, testEvent(0), STREAM_EXISTS), isWrongVersion('stream_exists', 'no_stream'))
        await append(stream, testEvents(2), NO_STREAM)
        await assert.rejects(append(stream, testEvent(9), NO_STREAM), isWrongVersion('no_stream', 1n))
        await assert.rejects(append(stream, testEvent(9), 0n), isWrongVersion(0n, 1n))
        await assert.rejects(append(stream, testEvent(9), 5n), isWrongVersion(5n, 1n))
        assert.equal((await append(stream, testEvent(2), STREAM_EXISTS)).nextExpectedRevision, 2n)
      })

      it('answers a repeated append like the first one and stores nothing', async () => {
        const stream = server.streamName('repeat')
        const events = testEvents(3)
        for (const expected of [NO_STREAM, ANY, NO_STREAM] as const) {
          const answer = await append(stream, events, expected)
          assert.equal(answer.nextExpectedRevision, 2n)
        }
        const more = testEvents(2, 3)
        const first = await append(stream, more, 2n)
        await append(stream, testEvent(5), 4n)
        const again = await append(stream, more, 2n)
        assert.deepEqual(again, first)
        assert.equal((await append(stream, more, STREAM_EXISTS)).nextExpectedRevision, 4n)
        // the beginning of what was appended is a repetition, too
        assert.equal((await append(stream, more.slice(0, 1), 2n)).nextExpectedRevision, 3n)
        assert.deepEqual(revisionsOf(await all(server.client.readStream(stream))), [0, 1, 2, 3, 4, 5])
      })

      it('refuses a repetition that matches in part', async () => {
        const stream = server.streamName('partial')
        const events = testEvents(2)
        await append(stream, events, NO_STREAM)
        await assert.rejects(append(stream, [...events, testEvent(2)], NO_STREAM), isWrongVersion('no_stream', 1n))
        await assert.rejects(append(stream, [events[0]!, testEvent(2)], ANY), WrongExpectedVersionError)
        assert.equal((await all(server.client.readStream(stream))).length, 2)
      })

      it('knows an id only within its stream', async () => {
        const event = testEvent(0)
        const streams = [server.streamName('one'), server.streamName('other')]
        for (const stream of streams) await append(stream, event, ANY)
        for (const stream of streams) assert.equal((await all(server.client.readStream(stream))).length, 1)
      })

      it('takes 1 MiB of data in one append and not a byte more', async () => {
        const stream = server.streamName('size')
        const of = (bytes: number) => binaryEvent({ type: 'blob', data: Buffer.alloc(bytes, 7) })
        await append(stream, [of(512 * 1024), of(512 * 1024)])
        await assert.rejects(append(stream, [of(512 * 1024), of(512 * 1024 + 1)]), (error: unknown) => {
          assert.ok(error instanceof MaxAppendSizeExceededError)
          assert.equal(error.maxAppendSize, 1024 * 1024)
          return true
        })
        assert.equal((await all(server.client.readStream(stream))).length, 2)
      })
    })
  }

  it('is all or nothing, also when the client splits it over several messages', async () => {
    const stream = server.streamName('batch')
    const answer = await server.client.appendToStream(stream, testEvents(500), { expectedRevision: NO_STREAM, batchAppendSize: 4_096 })
    assert.equal(answer.nextExpectedRevision, 499n)
    const events = await all(server.client.readStream(stream))
    assert.deepEqual(
      events.map(({ event }) => (event!.data as { n: number }).n),
      testEvents(500).map(({ data }) => data.n),
    )
  })

  it('lets exactly one of many writers with the same expected revision win', async () => {
    const stream = server.streamName('race')
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => server.client.appendToStream(stream, testEvent(i), { expectedRevision: NO_STREAM })),
    )
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    const [last] = await all(server.client.readStream(stream, { direction: BACKWARDS, maxCount: 1 }))
    assert.equal(last!.event!.revision, 0n)
  })

  it('reports instead of throwing when the connection asks for it', async () => {
    const client = EventStoreDBClient.connectionString(`${server.url}${server.url.includes('?') ? '&' : '?'}throwOnAppendFailure=false`)
    const answer = await client.appendToStream(server.streamName('quiet'), testEvent(0), { expectedRevision: 3n })
    assert.equal(answer.success, false)
    await client.dispose()
  })
})

const isWrongVersion = (expected: unknown, actual: unknown) => (error: unknown) => {
  assert.ok(error instanceof WrongExpectedVersionError, String(error))
  assert.deepEqual([error.expectedVersion, error.actualVersion], [expected, actual])
  return true
}
