import assert from 'node:assert/strict'
import { Map as ImmutableMap, List } from 'immutable'
import {
  findKnown,
  idHash,
  isKnown,
  rememberClosed,
  rememberRejected,
  SEGMENT_ROWS,
  SEGMENTS_KEPT,
  segmentsMissing,
  withSegments,
} from '../../../../src/commands/account/known-ids.ts'
import { findRow, type Segment, sealSegment, segmentOf } from '../../../../src/commands/account/segment.ts'
import { type AccountState, EMPTY_ACCOUNT } from '../../../../src/commands/account/state.ts'
import { cancel, funded, limit, place, sol } from '../account-story.ts'

const HASH = '0123456789abcdef0123456789abcdef'
const SHORT = HASH.slice(0, 24)
/** A segment of the ids `o-<from>` … */
const segment = (index: number, from: number, count: number): Segment =>
  sealSegment(
    index,
    ImmutableMap(Array.from({ length: count }, (_, i) => [idHash(`o-${from + i}`), { termsHash: SHORT, revision: BigInt(from + i) }])),
  )
const rowOf = (found: Segment, id: string) => findRow(found, Buffer.from(idHash(id), 'base64url'))
const known = (revision: bigint) => ({ termsHash: SHORT, revision })

describe('a sealed segment', () => {
  it('finds each of its rows, from the first to the last, and none of another id', () => {
    for (const count of [1, 2, 3, 8, 100]) {
      const sealed = segment(7, 0, count)
      assert.deepEqual([sealed.index, sealed.rows.length], [7, count * 30])
      for (let n = 0; n < count; n++) assert.deepEqual(rowOf(sealed, `o-${n}`), known(BigInt(n)))
      for (let n = count; n < count + 50; n++) assert.equal(rowOf(sealed, `o-${n}`), undefined)
    }
    assert.equal(rowOf(segmentOf(0, Buffer.alloc(0)), 'o-1'), undefined)
  })
  it('has its rows in order, and keeps revisions beyond 32 bits', () => {
    const { rows } = segment(0, 0, 50)
    const keys = Array.from({ length: 50 }, (_, i) => rows.subarray(i * 30, i * 30 + 12).toString('hex'))
    assert.deepEqual(keys, keys.toSorted())
    assert.deepEqual(rowOf(segment(0, 2 ** 40, 1), `o-${2 ** 40}`), known(2n ** 40n))
  })
  it('is named by a digest of its rows', () => {
    const one = segment(0, 0, 5)
    assert.match(one.digest, /^[0-9a-f]{16}$/)
    assert.deepEqual(segmentOf(1, one.rows), { index: 1, rows: one.rows, digest: one.digest })
    assert.notEqual(segment(0, 1, 5).digest, one.digest)
  })
})

describe('ids that have left the fold', () => {
  const filled = (count: number): AccountState => {
    let ids: AccountState = EMPTY_ACCOUNT
    for (let n = 0; n < count; n++) ids = rememberClosed(ids, `o-${n}`, HASH, BigInt(n))
    return ids
  }
  it('are sealed with the 2,000th, not before', () => {
    const almost = filled(SEGMENT_ROWS - 1)
    assert.deepEqual([almost.closed.size, almost.sealed.size, almost.segments], [SEGMENT_ROWS - 1, 0, 0])
    const full = rememberClosed(almost, 'o-last', HASH, 9n)
    assert.deepEqual([full.closed.size, full.sealed.size, full.segments, full.sealed.get(0)?.index], [0, 1, 1, 0])
    assert.deepEqual(findKnown(full, 'o-last', HASH), known(9n))
  })
  it('are told by their terms', () => {
    const ids = rememberRejected(rememberClosed(EMPTY_ACCOUNT, 'o-1', HASH, 5n), 'o-2', HASH, 6n)
    assert.deepEqual([findKnown(ids, 'o-1', HASH), findKnown(ids, 'o-2', HASH)], [known(5n), known(6n)])
    assert.equal(findKnown(ids, 'o-1', HASH.replace('0', 'f')), 'other_terms')
    assert.deepEqual(findKnown(ids, 'o-1', `${SHORT}00000000`), known(5n), 'of which the first 96 bits are kept')
    assert.deepEqual([isKnown(ids, 'o-1'), isKnown(ids, 'o-2'), isKnown(ids, 'd-1')], [true, true, false])
  })
  it('are found in the newest segment that has them', () => {
    const ids: AccountState = { ...EMPTY_ACCOUNT, segments: 3, sealed: List([segment(0, 0, 4), segment(1, 10, 4), segment(2, 20, 4)]) }
    for (const n of [0, 3, 10, 13, 20, 23]) assert.deepEqual(findKnown(ids, `o-${n}`, HASH), known(BigInt(n)))
    assert.equal(findKnown(ids, 'o-4', HASH), undefined)
  })
  it('of rejected orders are the last 1,000', () => {
    let ids: AccountState = EMPTY_ACCOUNT
    for (let n = 0; n < 1_000; n++) ids = rememberRejected(ids, `o-${n}`, HASH, BigInt(n))
    assert.deepEqual([ids.rejected.size, isKnown(ids, 'o-0')], [1_000, true])
    ids = rememberRejected(ids, 'o-1000', HASH, 1_000n)
    assert.deepEqual([ids.rejected.size, isKnown(ids, 'o-0'), isKnown(ids, 'o-1')], [1_000, false, true])
  })
})

describe('segments that a fold does not hold', () => {
  const holding = (segments: number, ...sealed: readonly number[]): AccountState => ({
    ...{ ...EMPTY_ACCOUNT, segments, sealed: List(sealed.map((index) => segment(index, index * 10, 1))) },
  })
  it('are named, oldest first, but for those too old to count', () => {
    assert.deepEqual(segmentsMissing(holding(0)), [])
    assert.deepEqual(segmentsMissing(holding(3)), [0, 1, 2])
    assert.deepEqual(segmentsMissing(holding(3, 2)), [0, 1])
    assert.deepEqual(segmentsMissing(holding(3, 0, 1, 2)), [])
    const many = segmentsMissing(holding(SEGMENTS_KEPT + 2, SEGMENTS_KEPT + 1))
    assert.deepEqual([many[0], many.at(-1), many.length], [2, SEGMENTS_KEPT, SEGMENTS_KEPT - 1])
  })
  it('are put below those that it has sealed itself', () => {
    const ids = withSegments(holding(3, 2), [segment(0, 0, 1), segment(1, 10, 1)])
    assert.deepEqual([ids.sealed.map(({ index }) => index).toArray(), segmentsMissing(ids)], [[0, 1, 2], []])
  })
})

describe('orders whose repeated cancel is answered', () => {
  it('are the last hundred that their trader has cancelled', () => {
    const s = funded()
    for (let n = 1; n <= 101; n++) {
      s.does(place(limit({ clOrdId: `c-${n}`, orderQty: sol(0.1) })))
      s.does(cancel(n))
      if (n === 100) assert.deepEqual([s.state.canceled.size, s.state.canceled.has(1)], [100, true])
    }
    assert.deepEqual(
      [s.state.canceled.size, s.state.canceled.has(1), s.state.canceled.has(2), s.state.canceled.has(101)],
      [...[100, false, true, true]],
    )
  })
  it('are not those that ended otherwise', () => {
    const s = funded()
    s.does(place(limit({ timeInForce: 'gtd', expireAt: 5_000 })))
    s.does({ type: 'ExpireOrder', number: 1 }, 5_000)
    assert.deepEqual([s.state.canceled.size, s.state.orders.size], [0, 0])
  })
})
