import assert from 'node:assert/strict'
import { type EventToStore, recordLength, type StoredEvent, writeRecord } from '../../../src/embedded/eventstore/log/record.ts'
import { createFilter } from '../../../src/embedded/eventstore/streams/filter.ts'

const event = (stream: string, type: string): StoredEvent => {
  const streamName = Buffer.from(stream)
  const content: EventToStore = {
    id: Buffer.alloc(16),
    type: Buffer.from(type),
    json: true,
    data: Buffer.from('{}'),
    metadata: Buffer.from('m'),
  }
  const bytes = Buffer.alloc(7 + recordLength(streamName, content))
  writeRecord(bytes, 7, content, { stream: streamName, revision: 0, createdMs: 0, tombstone: false, lastOfFrame: true })
  return { position: 100, bytes, at: 7 }
}

describe('event filter', () => {
  const cases: [Parameters<typeof createFilter>[0], string, string, boolean][] = [
    [{ on: 'stream', regex: '', prefixes: ['account-', 'tx-'] }, 'tx-1', 'T', true],
    [{ on: 'stream', regex: '', prefixes: ['account-', 'tx-'] }, 'a-tx-1', 'T', false],
    [{ on: 'stream', regex: '', prefixes: ['tx-'] }, 'other', 'tx-1', false],
    [{ on: 'type', regex: '', prefixes: ['Order'] }, 'Order', 'Ledger', false],
    [{ on: 'type', regex: '', prefixes: ['Order'] }, 's', 'OrderFilled', true],
    [{ on: 'stream', regex: '^account-(?:00|7f)\\.', prefixes: [] }, 'account-7f.u-1', 'T', true],
    [{ on: 'stream', regex: '^account-(?:00|7f)\\.', prefixes: [] }, 'account-01.u-1', 'T', false],
    [{ on: 'stream', regex: 'é$', prefixes: [] }, 'café', 'T', true],
    [{ on: 'type', regex: '^[^$].*', prefixes: [] }, '$system', 'Type', true],
    [{ on: 'type', regex: '^[^$].*', prefixes: [] }, 'stream', '$metadata', false],
    [{ on: 'type', regex: '\\-', prefixes: [] }, 's', 'a-b', true],
  ]
  for (const [expression, stream, type, passes] of cases) {
    const by = expression.regex === '' ? expression.prefixes.join(' or ') : `/${expression.regex}/`
    it(`${expression.on} ${by} ${passes ? 'passes' : 'stops'} ${type} in ${stream}`, () =>
      assert.equal(createFilter(expression)(event(stream, type)), passes))
  }

  it('refuses an expression that is not one', () => {
    assert.throws(() => createFilter({ on: 'stream', regex: '(', prefixes: [] }), SyntaxError)
  })
})
