import assert from 'node:assert/strict'
import { List } from 'immutable'
import { segmentOf } from '../../../src/commands/account/segment.ts'
import { createHandlerMetrics } from '../../../src/commands/handler/handler-metrics.ts'
import { type LoadedAccount, NOT_LOADED } from '../../../src/commands/handler/loaded-account.ts'
import { ZLIB_THREADS } from '../../../src/commands/handler/packing.ts'
import { readSnapshot } from '../../../src/commands/handler/snapshot-store.ts'
import { createSnapshotWriter } from '../../../src/commands/handler/snapshot-writer.ts'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { segmentStream, snapshotStream } from '../../../src/events/streams.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import type { Logger } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { createMemoryLog } from '../../../src/simulation/store/memory-log.ts'
import { quietStore } from '../../../src/simulation/store/quiet-store.ts'
import { funded } from './account-story.ts'

describe('the writer of snapshots', () => {
  const { state } = funded()
  const accountId = state.accountId!
  const account: LoadedAccount = {
    ...NOT_LOADED,
    ...{ lastEventId: 'last', position: 7n, state: { ...state, sealed: List([segmentOf(0, Buffer.alloc(30))]), segments: 1 } },
  }

  /** A store that gives no definite answer to appends to one stream while it is `away`. */
  const writing = (stream: string) => {
    const store = quietStore(createMemoryLog(), systemClock)
    let away = true
    const doubtful: EventStore = {
      ...store,
      append: async (name, ...rest) => (away && name === stream ? { kind: 'unknown', reason: 'no answer' } : store.append(name, ...rest)),
    }
    const warned: object[] = []
    const log = { warn: (fields: object) => warned.push(fields) } as unknown as Logger
    const metrics = createHandlerMetrics(createRegistry('test'))
    const deps = { store: doubtful, ids: systemIds, logId: 'l', foldHash: 'f', packing: ZLIB_THREADS }
    const writer = createSnapshotWriter({
      ...{ ...deps, log, metrics, signal: new AbortController().signal, pace: { every: 1n, accounts: 10 } },
    })
    const write = async (): Promise<Readonly<Record<string, number>>> => {
      writer.offer(accountId, account)
      await writer.idle()
      const { values } = await metrics.snapshots.get()
      return Object.fromEntries(values.map(({ labels, value }) => [String(labels.result), value]))
    }
    return { write, warned, stored: () => readSnapshot(deps, accountId), back: () => (away = false) }
  }

  for (const [what, stream, why] of [
    ['a segment', segmentStream(accountId, 0), { accountId, segment: 0 }],
    ['the snapshot itself', snapshotStream(accountId), { accountId }],
  ] as const)
    it(`says and counts that ${what} could not be stored, and writes both when it can`, async () => {
      const { write, warned, stored, back } = writing(stream)
      assert.deepEqual(await write(), { failed: 1 })
      assert.deepEqual(warned, [why])
      assert.equal(await stored(), undefined)
      back()
      assert.deepEqual(await write(), { failed: 1, written: 1 })
      assert.equal(warned.length, 1)
      assert.deepEqual([...(await stored())!.digests.keys()], [0])
    })
})
