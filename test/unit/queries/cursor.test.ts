import assert from 'node:assert/strict'
import fc from 'fast-check'
import { z } from 'zod'
import { BigText, decodeCursor, encodeCursor, Integer, NumericText } from '../../../src/queries/request/cursor.ts'

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

  it('refuse keys that the database could not read, of the right log and list too', () => {
    const forged = (...key: (string | number)[]) => encodeCursor('log-1', 'lots/a', key)
    const lots = z.tuple([z.string(), Integer, NumericText])
    assert.deepEqual(decodeCursor(forged('SOL/USDC', 0, '12'), 'log-1', 'lots/a', lots), { key: ['SOL/USDC', 0, '12'] })
    for (const key of [
      ['SOL\0USDC', 0, '12'],
      ['SOL/USDC', 2 ** 31, '12'],
      ['SOL/USDC', -(2 ** 40), '12'],
      ['SOL/USDC', 0, '1e9'],
    ])
      assert('refusal' in decodeCursor(forged(...key), 'log-1', 'lots/a', lots), JSON.stringify(key))
  })

  it('go on after a sum that a bigint could not hold', () => {
    const upTo = String(10n ** 25n)
    const text = encodeCursor('log-1', 'lots/a', ['BONK/USDC', 1, upTo])
    assert.deepEqual(decodeCursor(text, 'log-1', 'lots/a', z.tuple([z.string(), Integer, NumericText])), { key: ['BONK/USDC', 1, upTo] })
  })
})
