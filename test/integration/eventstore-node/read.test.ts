import assert from 'node:assert/strict'
import { BACKWARDS, binaryEvent, END, jsonEvent, START, StreamNotFoundError } from '@eventstore/db-client'
import { all, revisionsOf, testEvents } from './events.ts'
import { serverUnderTest } from './server-under-test.ts'

describe('event store: read', () => {
  const server = serverUnderTest()
  const write = async (label: string, count: number) => {
    const stream = server.streamName(label)
    const { position } = await server.client.appendToStream(stream, testEvents(count))
    return { stream, position: position! }
  }

  it('reads a stream from any revision, both ways, up to a count', async () => {
    const { stream } = await write('read', 10)
    const read = async (options: Parameters<typeof server.client.readStream>[1]) =>
      revisionsOf(await all(server.client.readStream(stream, options)))
    assert.deepEqual(await read({ fromRevision: 7n }), [7, 8, 9])
    assert.deepEqual(await read({ fromRevision: 2n, maxCount: 3 }), [2, 3, 4])
    assert.deepEqual(await read({ direction: BACKWARDS, fromRevision: END, maxCount: 2 }), [9, 8])
    assert.deepEqual(await read({ direction: BACKWARDS, fromRevision: 2n }), [2, 1, 0])
    assert.deepEqual(await read({ direction: BACKWARDS, fromRevision: START }), [0])
    assert.deepEqual(await read({ fromRevision: 50n }), [])
    assert.deepEqual(await read({ direction: BACKWARDS, fromRevision: 50n, maxCount: 1 }), [9])
  })

  it('says that a stream was never written to', async () => {
    await assert.rejects(all(server.client.readStream(server.streamName('nowhere'))), StreamNotFoundError)
    await assert.rejects(
      all(server.client.readStream(server.streamName('nowhere'), { direction: BACKWARDS, fromRevision: END })),
      StreamNotFoundError,
    )
  })

  it('reads $all in the order of writing, forwards with the position itself, backwards without it', async () => {
    const before = await write('order', 1)
    const { stream, position: last } = await write('order', 5)
    const forwards = await all(server.client.readAll({ fromPosition: before.position }))
    assert.equal(forwards[0]!.event!.streamId, before.stream)
    const own = forwards.filter(({ event }) => event!.streamId === stream)
    assert.deepEqual(revisionsOf(own), [0, 1, 2, 3, 4])
    const positions = forwards.map(({ event }) => event!.position!.commit)
    assert.deepEqual(
      positions,
      [...positions].sort((a, b) => (a < b ? -1 : 1)),
    )
    const backwards = await all(server.client.readAll({ direction: BACKWARDS, fromPosition: last, maxCount: 4 }))
    assert.deepEqual(revisionsOf(backwards), [3, 2, 1, 0])
    const [end] = await all(server.client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }))
    assert.ok(end!.event!.position!.commit >= last.commit)
  })

  it('gives each event of a stream its $all position', async () => {
    const { stream } = await write('positions', 3)
    for (const { event } of await all(server.client.readStream(stream))) {
      const [same] = await all(server.client.readAll({ fromPosition: event!.position!, maxCount: 1 }))
      assert.equal(same!.event!.id, event!.id)
    }
  })

  it('follows links when asked to', async () => {
    const { stream } = await write('target', 2)
    const links = server.streamName('links')
    const link = (target: string) => binaryEvent({ type: '$>', data: Buffer.from(target) })
    await server.client.appendToStream(links, [link(`1@${stream}`), link(`7@${stream}`), jsonEvent({ type: 'plain', data: {} })])
    const resolved = await all(server.client.readStream(links, { resolveLinkTos: true }))
    assert.deepEqual(
      resolved.map(({ event, link }) => [event?.streamId, event?.revision, link?.streamId, link?.revision]),
      [
        [stream, 1n, links, 0n],
        [undefined, undefined, links, 1n],
        [links, 2n, undefined, undefined],
      ],
    )
    const [raw] = await all(server.client.readStream(links, { maxCount: 1 }))
    assert.equal(raw!.event!.type, '$>')
  })

  it('delivers events of every size across storage pages', async () => {
    const stream = server.streamName('sizes')
    const sizes = [0, 1, 100, 65_000, 65_536, 200_000, 1_000_000, 3]
    for (const size of sizes)
      await server.client.appendToStream(stream, binaryEvent({ type: 'blob', data: Buffer.alloc(size, size % 251) }))
    const events = await all(server.client.readStream(stream))
    assert.deepEqual(
      events.map(({ event }) =>
        Buffer.compare(
          Buffer.from(event!.data as Uint8Array),
          Buffer.alloc((event!.data as Uint8Array).length, sizes[Number(event!.revision)]! % 251),
        ),
      ),
      sizes.map(() => 0),
    )
    assert.deepEqual(
      events.map(({ event }) => (event!.data as Uint8Array).length),
      sizes,
    )
    const backwards = await all(server.client.readStream(stream, { direction: BACKWARDS, fromRevision: END }))
    assert.deepEqual(revisionsOf(backwards), [...revisionsOf(events)].reverse())
  })
})
