import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { LOG_START } from '../../../src/embedded/eventstore/log/log-file.ts'
import type { EventToStore } from '../../../src/embedded/eventstore/log/record.ts'
import { isSoftDeleted } from '../../../src/embedded/eventstore/streams/metadata.ts'
import { createRecentIds } from '../../../src/embedded/eventstore/streams/recent-ids.ts'
import { createIndex } from '../../../src/embedded/eventstore/streams/stream-index.ts'
import { createWriter } from '../../../src/embedded/eventstore/streams/writer.ts'

/** A writer whose disk finishes, or fails, when the test says so. */
const writerOnSlowDisk = () => {
  let durableEnd = LOG_START
  const groups: { readonly bytes: number; done(): Promise<void>; fail(error: Error): Promise<void> }[] = []
  const failures: Error[] = []
  const index = createIndex(() => durableEnd)
  const writer = createWriter({
    index,
    recentIds: createRecentIds((position) => position < durableEnd),
    durableEnd: () => durableEnd,
    writeGroup: ({ length }) =>
      new Promise((resolve, reject) => {
        groups.push({
          bytes: length,
          async done() {
            durableEnd += length
            resolve()
            await turn()
          },
          async fail(error) {
            reject(error)
            await turn()
          },
        })
      }),
    idAt: () => assert.fail('nothing of this test is looked up on disk'),
    lastCreatedMs: 0,
    onPublished: () => undefined,
    onFailure: (error) => failures.push(error),
  })
  return { writer, index, groups, failures }
}

const event = (n: number): EventToStore => ({
  id: Buffer.alloc(16, n),
  type: Buffer.from('t'),
  json: true,
  data: Buffer.from('{}'),
  metadata: Buffer.alloc(0),
})

/** Whether a promise is settled already. */
const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  const open = Symbol('open')
  await turn()
  return (await Promise.race([promise, Promise.resolve(open)])) !== open
}

describe('writer', () => {
  it('counts queued appends in its checks, shows them to readers only when they are durable', async () => {
    const { writer, index, groups } = writerOnSlowDisk()
    const first = writer.append('s', 'no_stream', [event(1)])
    const second = writer.append('s', 0, [event(2)])
    assert.deepEqual(await writer.append('s', 'no_stream', [event(3)]), { kind: 'wrong-expected-version', current: 1 })
    assert.equal(await isSettled(first), false)
    assert.deepEqual(index.find('s')!.positions, [])
    await groups[0]!.done()
    assert.deepEqual([(await first).kind, (await second).kind], ['appended', 'appended'])
    assert.equal(index.find('s')!.positions.length, 2)
  })

  it('puts appends that wait for the disk into one group', async () => {
    const { writer, groups } = writerOnSlowDisk()
    const first = writer.append('s', 'any', [event(1)])
    await turn()
    const later = Array.from({ length: 10 }, (_, i) => writer.append(`s${i}`, 'any', [event(10 + i)]))
    await turn()
    assert.equal(groups.length, 1)
    await groups[0]!.done()
    await first
    assert.equal(groups.length, 2)
    await groups[1]!.done()
    await Promise.all(later)
    assert.equal(groups.length, 2)
  })

  it('answers a repetition only when the original is durable', async () => {
    const { writer, groups } = writerOnSlowDisk()
    const original = writer.append('s', 'any', [event(1)])
    await turn()
    const repeated = [writer.append('s', 'any', [event(1)]), writer.append('s', 'no_stream', [event(1)])]
    for (const answer of repeated) assert.equal(await isSettled(answer), false)
    await groups[0]!.done()
    for (const answer of repeated) assert.deepEqual(await answer, await original)
    assert.equal(groups.length, 1)
  })

  it('keeps metadata and deletions from readers until they are durable', async () => {
    const { writer, index, groups } = writerOnSlowDisk()
    const appended = writer.append('s', 'any', [event(1)])
    await turn()
    await groups[0]!.done()
    await appended
    const deleted = writer.delete('s', 'any')
    await turn()
    const state = index.find('s')!
    assert.deepEqual([isSoftDeleted(state.metadata), isSoftDeleted(state.durableMetadata)], [true, false])
    await groups[1]!.done()
    await deleted
    assert.equal(isSoftDeleted(state.durableMetadata), true)
    const tombstoned = writer.tombstone('s', 'any')
    await turn()
    assert.deepEqual([state.tombstoned, state.durableTombstone], [true, false])
    await groups[2]!.done()
    await tombstoned
    assert.equal(state.durableTombstone, true)
  })

  it('a failed write refuses what was queued and everything after it', async () => {
    const { writer, index, groups, failures } = writerOnSlowDisk()
    const written = writer.append('s', 'any', [event(1)])
    await turn()
    const queued = writer.append('s', 'any', [event(2)])
    const outcomes = Promise.allSettled([written, queued])
    await groups[0]!.fail(new Error('ENOSPC'))
    assert.deepEqual(
      (await outcomes).map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    await assert.rejects(writer.append('other', 'any', [event(3)]), /could not be written: ENOSPC/)
    await assert.rejects(writer.delete('s', 'any'), /ENOSPC/)
    assert.deepEqual([failures.length, groups.length, index.find('s')!.positions.length], [1, 1, 0])
  })

  it('forgets names that were only asked about', async () => {
    const { writer, index } = writerOnSlowDisk()
    await writer.append('asked', 5, [event(1)])
    await writer.delete('asked-too', 'any')
    assert.deepEqual([index.find('asked'), index.find('asked-too')], [undefined, undefined])
  })

  it('holds back input once too much waits for the disk', async () => {
    const { writer, groups } = writerOnSlowDisk()
    const big = { ...event(1), data: Buffer.alloc(1024 * 1024) }
    assert.equal(writer.room(), undefined)
    const appends = Array.from({ length: 17 }, (_, i) => writer.append(`s${i}`, 'any', [{ ...big, id: Buffer.alloc(16, i) }]))
    const room = writer.room()
    assert.ok(room !== undefined)
    await turn()
    await groups[0]!.done()
    await Promise.all([room, ...appends])
    assert.equal(writer.room(), undefined)
  })
})
