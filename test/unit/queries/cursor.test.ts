import assert from 'node:assert/strict'
import fc from 'fast-check'
import { z } from 'zod'
import { BigText, decodeCursor, encodeCursor } from '../../../src/queries/request/cursor.ts'

const shape = z.tuple([BigText, z.number().int()])

describe('list cursors', () => {
  it('come back as they were, on their own list of their own log alone', () => {
    const text = encodeCursor('log-1', 'ledger/a', ['12', 3])
    assert.deepEqual(decodeCursor(text, 'log-1', 'ledger/a', shape), { key: ['12', 3] })
    assert('refusal' in decodeCursor(text, 'log-2', 'ledger/a', shape))
    assert('refusal' in decodeCursor(text, 'log-1', 'ledger/b', shape))
    assert.deepEqual(decodeCursor(undefined, 'log-1', 'ledger/a', shape), { key: undefined })
  })

  it('refuse whatever else a client sends, without throwing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.base64String()), (text) => {
        for (const sent of [text, Buffer.from(text).toString('base64url')]) {
          const outcome = decodeCursor(sent, 'log-1', 'ledger/a', shape)
          assert('refusal' in outcome && outcome.refusal.code === 'invalid_request')
        }
      }),
    )
  })
})
