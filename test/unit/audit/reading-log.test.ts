import assert from 'node:assert/strict'
import { readingLog } from '../../../src/audit/request.ts'
import { decodeAccountEvent } from '../../../src/events/decode.ts'
import type { EventStore, RecordedEvent } from '../../../src/events/store/event-store.ts'

describe('reading the log for an auditor', () => {
  const connected = { connected: () => ({ ready: true }) } as EventStore
  const recorded: RecordedEvent = {
    streamId: 'account-000.a',
    revision: 1n,
    id: 'e',
    type: 'OrderAccepted',
    data: {},
    metadata: { schema: 9_999 },
    created: 0,
    position: { commit: 1n, prepare: 1n },
  }

  it('names an event of a newer version as what keeps it from answering', async () => {
    const reply = await readingLog(connected, async () => {
      decodeAccountEvent(recorded)
      assert.fail('it was read')
    })
    assert.equal('refusal' in reply && reply.refusal.code, 'not_ready')
    assert.match(JSON.stringify(reply), /cannot read the log: event 1@account-000\.a \(OrderAccepted\): schema 9999 is newer/)
  })

  it('takes no fault of ours for the store’s', async () => {
    await assert.rejects(
      readingLog(connected, () => Promise.reject(new RangeError('a bug'))),
      RangeError,
    )
  })
})
