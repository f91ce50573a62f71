import assert from 'node:assert/strict'
import {
  findKnown,
  rememberClosed,
  rememberRejected,
  SEGMENT_ROWS,
  SEGMENTS_KEPT,
  segmentsMissing,
  withSegments,
} from '../../../src/commands/account/known-ids.ts'
import { type AccountState, EMPTY_ACCOUNT } from '../../../src/commands/account/state.ts'

const HASH = '0123456789abcdef0123456789abcdef'
const OTHER = 'ffffffffffffffffffffffffffffffff'

const closing = (count: number, from: AccountState = EMPTY_ACCOUNT): AccountState => {
  let ids = from
  for (let i = 0; i < count; i++) ids = rememberClosed(ids, `o-c-${i}`, HASH, BigInt(i))
  return ids
}

describe('ids that have left the fold', () => {
  it('are found in the current run and in sealed segments, by terms', () => {
    const ids = closing(SEGMENT_ROWS * 2 + 10)
    assert.deepEqual([ids.segments, ids.sealed.size, ids.closed.size], [2, 2, 10])
    for (const n of [0, 1, SEGMENT_ROWS - 1, SEGMENT_ROWS, SEGMENT_ROWS * 2 + 9]) {
      const known = findKnown(ids, `o-c-${n}`, HASH)
      assert.ok(known && known !== 'other_terms' && known.revision === BigInt(n), `c-${n}`)
      assert.equal(findKnown(ids, `o-c-${n}`, OTHER), 'other_terms')
    }
    assert.equal(findKnown(ids, `o-c-${SEGMENT_ROWS * 2 + 10}`, HASH), undefined)
    assert.equal(findKnown(ids, 'd-c-0', HASH), undefined, 'a deposit of the same name is another thing')
  })

  it('are the last 100,000', function () {
    this.timeout(120_000)
    const ids = closing(SEGMENT_ROWS * (SEGMENTS_KEPT + 1))
    assert.deepEqual([ids.segments, ids.sealed.size], [SEGMENTS_KEPT + 1, SEGMENTS_KEPT])
    assert.equal(findKnown(ids, 'o-c-0', HASH), undefined)
    assert.ok(findKnown(ids, `o-c-${SEGMENT_ROWS}`, HASH))
    const bare: AccountState = { ...ids, sealed: ids.sealed.clear() }
    assert.deepEqual(
      segmentsMissing(bare),
      Array.from({ length: SEGMENTS_KEPT }, (_, i) => i + 1),
    )
    const loaded = withSegments(bare, [...ids.sealed])
    assert.deepEqual(segmentsMissing(loaded), [])
    assert.ok(findKnown(loaded, `o-c-${SEGMENT_ROWS}`, HASH))
  })

  it('of rejected orders have a window of their own', () => {
    let ids = closing(5)
    for (let i = 0; i < 1_500; i++) ids = rememberRejected(ids, `o-r-${i}`, HASH, BigInt(i))
    assert.equal(ids.rejected.size, 1_000)
    assert.equal(findKnown(ids, 'o-r-499', HASH), undefined)
    assert.ok(findKnown(ids, 'o-r-500', HASH))
    assert.ok(findKnown(ids, 'o-c-0', HASH), 'they flush no accepted order')
  })
})
