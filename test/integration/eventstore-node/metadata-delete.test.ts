import assert from 'node:assert/strict'
import {
  ANY,
  BACKWARDS,
  END,
  jsonEvent,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client'
import { systemClock } from '../../../src/platform/clock.ts'
import { all, revisionsOf, testEvent, testEvents } from './events.ts'
import { serverUnderTest } from './server-under-test.ts'

describe('event store: metadata and deletion', () => {
  const server = serverUnderTest()
  const read = async (stream: string) => revisionsOf(await all(server.client.readStream(stream)))
  const written = async (label: string, count: number) => {
    const stream = server.streamName(label)
    await server.client.appendToStream(stream, testEvents(count))
    return stream
  }

  it('stores what was set and gives the newest back', async () => {
    const stream = server.streamName('meta')
    assert.equal((await server.client.getStreamMetadata(stream)).metadata, undefined)
    await server.client.setStreamMetadata(stream, { maxCount: 5, colour: 'blue' })
    await server.client.setStreamMetadata(stream, { maxCount: 3, colour: 'red' }, { expectedRevision: 0n })
    const { metadata } = await server.client.getStreamMetadata(stream)
    assert.deepEqual(metadata, { maxCount: 3, colour: 'red' })
    // of a metastream only the newest event can be read
    assert.deepEqual(await read(`$$${stream}`), [1])
  })

  it('reads only the last $maxCount events, both ways, while $all keeps them', async () => {
    const stream = await written('max-count', 5)
    await server.client.setStreamMetadata(stream, { maxCount: 2 })
    assert.deepEqual(await read(stream), [3, 4])
    assert.deepEqual(revisionsOf(await all(server.client.readStream(stream, { direction: BACKWARDS, fromRevision: END }))), [4, 3])
    await server.client.appendToStream(stream, testEvent(5))
    assert.deepEqual(await read(stream), [4, 5])
    await server.client.setStreamMetadata(stream, { maxCount: 4 })
    assert.deepEqual(await read(stream), [2, 3, 4, 5])
  })

  it('hides events below $tb, and all of them when nothing is left', async () => {
    const stream = await written('truncated', 4)
    await server.client.setStreamMetadata(stream, { truncateBefore: 2 })
    assert.deepEqual(await read(stream), [2, 3])
    await server.client.setStreamMetadata(stream, { truncateBefore: 4 })
    assert.deepEqual(await read(stream), [])
    await server.client.appendToStream(stream, testEvent(4), { expectedRevision: 3n })
    assert.deepEqual(await read(stream), [4])
  })

  it('hides events older than $maxAge', async () => {
    const stream = await written('aged', 2)
    await server.client.setStreamMetadata(stream, { maxAge: 1 })
    await systemClock.sleep(1_200)
    await server.client.appendToStream(stream, testEvent(2))
    assert.deepEqual(await read(stream), [2])
  })

  it('soft delete: reads as not found, comes back with its numbering and without what was deleted', async () => {
    const stream = await written('soft', 3)
    const { position } = await server.client.deleteStream(stream)
    assert.ok(position)
    await assert.rejects(all(server.client.readStream(stream)), StreamNotFoundError)
    await assert.rejects(server.client.appendToStream(stream, testEvent(3), { expectedRevision: STREAM_EXISTS }), StreamDeletedError)
    const answer = await server.client.appendToStream(stream, testEvents(2, 3), { expectedRevision: NO_STREAM })
    assert.equal(answer.nextExpectedRevision, 4n)
    assert.deepEqual(await read(stream), [3, 4])
    assert.equal((await server.client.getStreamMetadata(stream)).metadata!.truncateBefore, 3)
  })

  it('soft delete: comes back with ANY and with the exact revision, too', async () => {
    for (const expectedRevision of [ANY, 1n] as const) {
      const stream = await written('soft-again', 2)
      await server.client.deleteStream(stream, { expectedRevision: 1n })
      await server.client.appendToStream(stream, testEvent(2), { expectedRevision })
      assert.deepEqual(await read(stream), [2])
    }
  })

  it('soft delete: setting metadata brings the stream back empty', async () => {
    const stream = await written('soft-meta', 2)
    await server.client.deleteStream(stream)
    await server.client.setStreamMetadata(stream, { colour: 'green' })
    assert.deepEqual(await read(stream), [])
    const { metadata } = await server.client.getStreamMetadata(stream)
    assert.deepEqual(metadata, { colour: 'green', truncateBefore: 2 })
  })

  it('refuses to delete a stream at a wrong revision, or one that is not there', async () => {
    const stream = await written('kept', 2)
    await assert.rejects(server.client.deleteStream(stream, { expectedRevision: 0n }), WrongExpectedVersionError)
    await assert.rejects(server.client.tombstoneStream(stream, { expectedRevision: 7n }), WrongExpectedVersionError)
    await assert.rejects(server.client.deleteStream(server.streamName('nothing')), WrongExpectedVersionError)
    assert.deepEqual(await read(stream), [0, 1])
  })

  it('tombstone: the stream is gone for ever, its events stay in $all', async () => {
    const stream = await written('tombstoned', 2)
    const [first] = await all(server.client.readStream(stream))
    await server.client.tombstoneStream(stream, { expectedRevision: 1n })
    await assert.rejects(all(server.client.readStream(stream)), StreamDeletedError)
    await assert.rejects(server.client.appendToStream(stream, testEvent(2)), StreamDeletedError)
    await assert.rejects(
      server.client.appendToStream(stream, testEvent(2), { credentials: { username: 'a', password: 'b' } }),
      StreamDeletedError,
    )
    await assert.rejects(server.client.deleteStream(stream), StreamDeletedError)
    await assert.rejects(server.client.setStreamMetadata(stream, { maxCount: 1 }), StreamDeletedError)
    const own = (await all(server.client.readAll({ fromPosition: first!.event!.position! }))).filter(
      ({ event }) => event!.streamId === stream,
    )
    assert.deepEqual(
      own.map(({ event }) => event!.type),
      ['counted', 'counted', '$streamDeleted'],
    )
    assert.equal(own[2]!.event!.revision, 2n ** 63n - 1n)
  })

  it('tombstone: also of a stream that was never written to', async () => {
    const stream = server.streamName('never')
    await server.client.tombstoneStream(stream, { expectedRevision: NO_STREAM })
    await assert.rejects(all(server.client.readStream(stream)), StreamDeletedError)
    await assert.rejects(server.client.appendToStream(stream, jsonEvent({ type: 't', data: {} })), StreamDeletedError)
  })
})
