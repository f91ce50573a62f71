import assert from 'node:assert/strict'
import { MAX_OPEN_ORDERS, openOrdersBreach } from '../../../src/commands/limits/open-orders.ts'
import { countRejection, REJECTIONS_PER_MINUTE, rejectionWait } from '../../../src/commands/limits/rejection-budget.ts'

const MINUTE = 60_000

describe('the budget for recorded rejections', () => {
  it('forgets a rejection after a minute, to the millisecond', () => {
    assert.deepEqual(countRejection([0, 1, 59_999], MINUTE), [1, 59_999, MINUTE])
  })
  it('keeps the newest as many as count, in their order', () => {
    const many = Array.from({ length: 300 }, (_, i) => i)
    const kept = countRejection(many, 300)
    assert.equal(kept.length, REJECTIONS_PER_MINUTE)
    assert.deepEqual(kept, [...many.slice(-(REJECTIONS_PER_MINUTE - 1)), 300])
  })
  it('lets a rejection be recorded while there were fewer than a minute may have', () => {
    assert.equal(rejectionWait([], 0), 0)
    assert.equal(rejectionWait(new Array<number>(REJECTIONS_PER_MINUTE - 1).fill(0), 1), 0)
  })
  it('makes the next one wait until the oldest of a full minute is a minute old, in whole seconds', () => {
    const full = [5_000, ...new Array<number>(REJECTIONS_PER_MINUTE - 1).fill(30_000)]
    assert.equal(rejectionWait(full, 5_000), 60)
    assert.equal(rejectionWait(full, 5_001), 60)
    assert.equal(rejectionWait(full, 64_000), 1)
    assert.equal(rejectionWait(full, 64_999), 1)
    assert.equal(rejectionWait(full, 65_000), 0)
  })
  it('looks at the newest alone', () => {
    assert.equal(rejectionWait([0, ...new Array<number>(REJECTIONS_PER_MINUTE).fill(50_000)], 61_000), 49)
  })
})

describe('open orders', () => {
  it('are as many as the limit at most, and the refusal says how many', () => {
    assert.equal(openOrdersBreach(MAX_OPEN_ORDERS - 1), undefined)
    assert.equal(openOrdersBreach(MAX_OPEN_ORDERS)?.text, 'at most 500 open orders')
  })
})
