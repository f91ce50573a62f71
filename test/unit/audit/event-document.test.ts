import assert from 'node:assert/strict'
import { eventDocument, trackAttempts } from '../../../src/audit/event-document.ts'
import type { RecordedEvent } from '../../../src/events/store/event-store.ts'

const recorded = (type: string, data: object): RecordedEvent => ({
  streamId: 'account-000.a',
  revision: 7n,
  id: '00000000-0000-7000-8000-000000000001',
  type,
  data,
  metadata: { commandId: 'c' },
  created: Date.UTC(2025, 0, 2, 3, 4, 5, 678),
  position: { commit: 9_007_199_254_740_993n, prepare: 1n },
})

describe('an event as the auditor reads it', () => {
  it('tells numbers beyond 2^53 exactly and the time in UTC', () => {
    assert.deepEqual(eventDocument(recorded('OrderTriggered', { orderId: 'a.1' }), false), {
      streamId: 'account-000.a',
      revision: '7',
      id: '00000000-0000-7000-8000-000000000001',
      type: 'OrderTriggered',
      created: '2025-01-02T03:04:05.678Z',
      data: { orderId: 'a.1' },
      metadata: { commandId: 'c' },
      position: '9007199254740993',
    })
  })
  it('withholds the bytes of a signed transaction without an outcome, and says so', () => {
    const signed = recorded('TransactionSigned', { ref: '1', attempt: 1, rawBytes: 'c2VjcmV0' })
    const shown = eventDocument(signed, true)
    assert.deepEqual(shown.data, { ref: '1', attempt: 1, rawBytes: null })
    assert.deepEqual(shown.withheld, ['rawBytes'])
    assert.deepEqual(eventDocument(signed, false).data, signed.data)
  })
  it('never shows the hash of a key', () => {
    const shown = eventDocument(recorded('KeyCreated', { keyId: 'k1', keyHash: 'abcd', scopes: [] }), false)
    assert.ok(!JSON.stringify(shown).includes('abcd'))
    assert.deepEqual(shown.withheld, ['keyHash'])
  })
})

describe('which signed transactions are open', () => {
  const attempt = (type: string, ref: string, n: number) => recorded(type, { ref, attempt: n })
  it('an attempt is open until its own outcome, not that of another', () => {
    const attempts = trackAttempts()
    const first = attempt('TransactionSigned', '1', 1)
    attempts.see(first)
    attempts.see(attempt('TransactionLanded', '2', 1))
    attempts.see(attempt('TransactionOutcomeUnknown', '1', 1))
    assert.equal(attempts.isOpen(first), true)
    attempts.see(attempt('TransactionExpired', '1', 1))
    const second = attempt('TransactionSigned', '1', 2)
    attempts.see(second)
    assert.deepEqual([attempts.isOpen(first), attempts.isOpen(second), attempts.anyOpen()], [false, true, true])
    attempts.see(attempt('TransactionFailed', '1', 2))
    assert.equal(attempts.anyOpen(), false)
  })
})
