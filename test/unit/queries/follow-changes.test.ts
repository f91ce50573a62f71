import assert from 'node:assert/strict'
import { Subject } from 'rxjs'
import { systemClock } from '../../../src/platform/clock.ts'
import type { EventSink, ServerEvent } from '../../../src/platform/http/event-stream.ts'
import type { Change } from '../../../src/queries/streams/changes.ts'
import { changesOf } from '../../../src/queries/streams/changes.ts'
import { followChanges } from '../../../src/queries/streams/follow-changes.ts'

const change = (from: number, to: number, keys: readonly string[], reset = false): Change => ({
  ...{ map: 1, shard: 0, fence: 1n, from: BigInt(from), to: BigInt(to), keys, reset },
})

/** A client that takes what it is sent while `reads()`; after `patience` ms of waiting it is given up. */
const open = (reads: () => boolean, patience = 50) => {
  const gone = new AbortController()
  const told: ServerEvent[] = []
  const sink: EventSink = {
    send: (event) => {
      told.push(event)
      return reads()
    },
    drained: async () => {
      await systemClock.sleep(patience)
      return reads()
    },
    alive: () => undefined,
    signal: gone.signal,
  }
  return { sink, told, leave: () => gone.abort(new Error('gone')) }
}

describe('following changes', () => {
  const following = (sink: EventSink, missed: ReadonlyMap<string, bigint> | 'too much' = new Map(), after?: bigint) => {
    const changes = new Subject<Change>()
    const ended = followChanges(sink, {
      ...{ changes, after, mine: (key) => key.startsWith('o:'), clock: systemClock },
      shards: () => [{ map: 1, shard: 0, progress: { known: () => 10n, saw: () => undefined, reaches: async () => true } }],
      changedSince: async () => (missed === 'too much' ? undefined : missed),
      load: async (key, position) => ({ event: 'order', data: { key, position: String(position) } }),
    })
    return { changes, ended }
  }
  const until = async (done: () => boolean): Promise<void> => {
    for (let n = 0; !done(); n++) {
      assert(n < 2_000, 'never')
      await systemClock.sleep(5)
    }
  }

  it('sends each document once however often it changed meanwhile, with an id that can be resumed from', async () => {
    const { sink, told, leave } = open(() => true)
    const { changes, ended } = following(sink)
    changes.next(change(10, 11, ['o:a.1']))
    changes.next(change(11, 12, ['o:a.1', 'b:a', 'o:a.2']))
    await until(() => told.length === 3)
    assert.deepEqual(
      told.map(({ id, event, data }) => [id, event, (data as { key?: string }).key]),
      [
        ['10', 'open', undefined],
        ['10', 'order', 'o:a.1'],
        ['12', 'order', 'o:a.2'],
      ],
    )
    leave()
    await ended
  })

  it('fills a gap from the log, and says when that is too much', async () => {
    const { sink, told, leave } = open(() => true)
    const { changes, ended } = following(sink, new Map([['o:lost.1', 15n]]))
    changes.next(change(10, 11, []))
    changes.next(change(14, 16, []))
    await until(() => told.some(({ data }) => (data as { key?: string }).key === 'o:lost.1'))
    leave()
    await ended
    const other = open(() => true)
    const far = following(other.sink, 'too much', 3n)
    await until(() => other.told.some(({ event }) => event === 'reset'))
    other.leave()
    await far.ended
  })

  /** A gap is asked for at once; the log answers when `answer` is called. */
  const asking = () => {
    let answer: (missed: ReadonlyMap<string, bigint> | undefined) => void = () => undefined
    const answered = new Promise<ReadonlyMap<string, bigint> | undefined>((resolve) => (answer = resolve))
    const { sink, told, leave } = open(() => true)
    const changes = new Subject<Change>()
    let asked = 0
    const ended = followChanges(sink, {
      ...{ changes, after: 3n, mine: () => true, clock: systemClock },
      shards: () => [{ map: 1, shard: 0, progress: { known: () => 10n, saw: () => undefined, reaches: async () => true } }],
      changedSince: () => (asked++ === 0 ? answered : Promise.resolve(new Map())),
      load: async (key, position) => ({ event: 'order', data: { key, position: String(position) } }),
    })
    const close = (): Promise<void> => {
      leave()
      return ended
    }
    return { told, changes, answer, asked: () => asked, close }
  }

  it('tells what changes while it asks for a gap, also when that turns out to be too much', async () => {
    const { told, changes, answer, asked, close } = asking()
    await until(() => asked() === 1)
    changes.next(change(3, 12, ['o:a.1']))
    answer(undefined)
    await until(() => told.some(({ data }) => (data as { key?: string }).key === 'o:a.1'))
    assert.deepEqual(
      told.map(({ event }) => event),
      ['open', 'reset', 'order'],
    )
    await close()
  })

  it('asks for no older document than it has heard of meanwhile', async () => {
    const { told, changes, answer, asked, close } = asking()
    await until(() => asked() === 1)
    changes.next(change(3, 12, ['o:a.1']))
    answer(new Map([['o:a.1', 5n]]))
    await until(() => told.length > 1)
    assert.deepEqual(told[1]!.data, { key: 'o:a.1', position: '12' })
    await close()
  })

  it('drops a client that does not read, with notice, and keeps no more for it than a bound', async () => {
    let reading = true
    const { sink, told } = open(() => reading)
    const { changes, ended } = following(sink)
    await until(() => told.length === 1)
    reading = false
    changes.next(change(10, 11, ['o:a.1']))
    await ended
    assert.equal(told.at(-1)!.event, 'dropped')
    const flooded = open(() => true)
    const far = following(flooded.sink)
    changes.complete()
    far.changes.next(
      change(
        10,
        11,
        Array.from({ length: 1_001 }, (_, n) => `o:a.${n}`),
      ),
    )
    await far.ended
    assert.deepEqual(
      flooded.told.map(({ event }) => event),
      ['open', 'dropped'],
    )
  })

  it('keeps nothing more for one that is about to be dropped', async () => {
    let looked = 0
    const { sink, told } = open(() => false, 100)
    const changes = new Subject<Change>()
    const ended = followChanges(sink, {
      ...{ changes, after: undefined, clock: systemClock },
      mine: () => ++looked > 0,
      shards: () => [{ map: 1, shard: 0, progress: { known: () => 10n, saw: () => undefined, reaches: async () => true } }],
      changedSince: async () => new Map(),
      load: async (key) => ({ event: 'order', data: { key } }),
    })
    const flood = (from: number) =>
      changes.next(
        change(
          from,
          from + 1,
          Array.from({ length: 1_001 }, (_, n) => `o:a.${from * 2_000 + n}`),
        ),
      )
    for (const from of [10, 11, 12]) flood(from)
    await ended
    assert.equal(looked, 1_001)
    assert.equal(told.length, 1)
  })

  it('hears of a step once, though projector and Redis both tell it', () => {
    const [steps, messages] = [new Subject<never>(), new Subject<never>()]
    const heard: string[] = []
    changesOf(steps, messages).subscribe(({ to, keys }) => heard.push(`${to} ${keys.join()}`))
    const base = { map: 1, shard: 0, fence: 1n, reset: false }
    steps.next({ ...base, from: 1n, to: 2n, documents: [{ key: 'b:a', revision: 1n, json: '' }], told: [] } as never)
    messages.next({ ...base, from: 1n, to: 2n, keys: ['b:a'], namespace: '' } as never)
    messages.next({ ...base, from: 2n, to: 3n, keys: ['b:b'], namespace: '' } as never)
    steps.next({ ...base, from: 2n, to: 3n, documents: [{ key: 'b:b', revision: 1n, json: '' }], told: ['p:b.X/Y'] } as never)
    assert.deepEqual(heard, ['2 b:a', '3 b:b'])
    steps.next({ ...base, from: 3n, to: 4n, documents: [], told: ['p:b.X/Y'] } as never)
    assert.equal(heard.at(-1), '4 p:b.X/Y')
  })
})
