import { strict as assert } from 'node:assert'
import { describe, it } from 'mocha'
import { decodeEvent, UnreadableEvent } from '../../../src/events/decode.ts'
import type { RecordedEvent } from '../../../src/events/store/event-store.ts'
import { SCHEMA_VERSION } from '../../../src/events/upcast.ts'
import { storyOf } from '../audit/account-story.ts'

const accepted = storyOf('a').accepted(1)
const stored = (data: unknown, metadata: Record<string, unknown>): RecordedEvent => ({
  ...{ streamId: 'account-000.a', revision: 3n, id: 'e', type: accepted.type, created: 0 },
  ...{ data, metadata, position: { commit: 1n, prepare: 1n } },
})

describe('an event of another schema version', () => {
  it('is read as the newest version has it when it is older', () => {
    const { strategyId, trailingOffset, reduceOnly, postOnly, list, algo, fee, ...first } = accepted.data as Record<string, unknown>
    assert.deepEqual([strategyId, trailingOffset, reduceOnly, postOnly, list, algo, fee], [null, null, false, false, null, null, null])
    assert.deepEqual(decodeEvent(stored(first, { schema: 1 })), accepted)
  })

  it('of a transaction tells its costs in parts, or that they were not told', () => {
    const attempt = { ref: '1', attempt: 1, signature: 's', generation: 1, slot: 5, at: 1 }
    const of = (type: string, data: unknown, schema: number) => decodeEvent({ ...stored(data, { schema }), type }).data
    assert.deepEqual(of('TransactionLanded', { ...attempt, fee: '7', rent: '9', deltas: [] }, 2), {
      ...{ ...attempt, fee: '7', priorityFee: '0', tip: '0', rent: '9', deltas: [] },
    })
    assert.deepEqual(of('TransactionFailed', { ...attempt, fee: '7', error: 'x' }, 1), {
      ...attempt,
      fee: '7',
      priorityFee: '0',
      error: 'x',
    })
    assert.deepEqual(of('TransactionVanished', attempt, 2), { ...attempt, returned: null })
  })

  it('stops its stream when it is newer than this build, or says no version', () => {
    assert.throws(() => decodeEvent(stored(accepted.data, { schema: SCHEMA_VERSION + 1 })), UnreadableEvent)
    assert.throws(() => decodeEvent(stored(accepted.data, {})), UnreadableEvent)
  })

  it('is not completed when it claims a version whose fields it lacks', () => {
    const { reduceOnly: _gone, ...lacking } = accepted.data as Record<string, unknown>
    assert.throws(() => decodeEvent(stored(lacking, { schema: SCHEMA_VERSION })), UnreadableEvent)
  })
})
