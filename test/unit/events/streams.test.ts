import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { accountStream, parseAccountStream, parseOrderId, SLICES, sliceName, sliceOf, slicesFilter } from '../../../src/events/streams.ts'

const accountIds = fc.stringMatching(/^[A-Za-z0-9_-]{1,48}$/)

describe('stream names', () => {
  it('put an account into the slice of the first ten bits of its hash', () => {
    fc.assert(
      fc.property(accountIds, (accountId) => {
        const bits = BigInt(`0x${createHash('sha256').update(accountId).digest('hex')}`) >> 246n
        assert.equal(BigInt(sliceOf(accountId)), bits)
        assert.deepEqual(parseAccountStream(accountStream(accountId)), { accountId, slice: Number(bits) })
      }),
    )
  })

  it('are told apart from all others', () => {
    for (const name of ['account-3ff', 'account-3ff.', 'account-3FF.a', 'snap-001.a', 'account-001.a.b', '$$account-001.a']) {
      assert.equal(parseAccountStream(name), undefined, name)
    }
  })

  it('match the filter of their slice only, and every filter matches the reference streams', () => {
    fc.assert(
      fc.property(
        accountIds,
        fc.uniqueArray(fc.integer({ min: 0, max: SLICES - 1 }), { minLength: 1, maxLength: 20 }),
        (accountId, slices) => {
          const filter = new RegExp(slicesFilter(slices))
          assert.equal(filter.test(accountStream(accountId)), slices.includes(sliceOf(accountId)))
          for (const name of ['tick', 'shardmap', 'instrument-SOL/USDC']) assert.ok(filter.test(name), name)
          for (const name of ['ticker', `snap-${sliceName(slices[0]!)}.a`, 'key-1', '$$tick']) assert.ok(!filter.test(name), name)
        },
      ),
    )
  })

  it('give order ids that parse back, and nothing else parses', () => {
    assert.deepEqual(parseOrderId('acct-1.12'), { accountId: 'acct-1', number: 12 })
    for (const text of ['acct-1', 'acct-1.0', 'acct-1.01', '.1', 'a.b.1', 'a.1x', `${'x'.repeat(49)}.1`])
      assert.equal(parseOrderId(text), undefined, text)
  })
})
