import assert from 'node:assert/strict'
import { SLICES, sliceOf } from '../../../src/events/streams.ts'
import { assignSlices, shardOf, slicesOf } from '../../../src/projections/shard-map.ts'

describe('shard map', () => {
  it('gives every slice a shard and no shard more than its share and 2 %', () => {
    for (const shards of [1, 2, 3, 4, 5, 8, 16, 64]) {
      const assignment = assignSlices(shards)
      assert.equal(assignment.length, SLICES)
      const most = Math.ceil((SLICES / shards) * 1.02)
      for (let shard = 0; shard < shards; shard++) {
        const load = assignment.filter((one) => one === shard).length
        assert(load > 0 && load <= most, `${shards} shards: shard ${shard} has ${load}`)
      }
    }
  })

  it('is the same in every process and moves few slices when a shard is added', () => {
    const [four, five] = [assignSlices(4), assignSlices(5)]
    assert.deepEqual(assignSlices(4), four)
    assert(moved(four, five) < SLICES * 0.22, `${moved(four, five)} slices moved; a fifth has to`)
    const [eight, nine] = [assignSlices(8), assignSlices(9)]
    assert(moved(eight, nine) <= SLICES * 0.12, `${moved(eight, nine)} slices moved; a ninth has to`)
  })

  it('finds the shard of an account by its slice', () => {
    const map = { version: 1, shards: 4, assignment: assignSlices(4) }
    assert.equal(shardOf(map, 'acct-1'), map.assignment[sliceOf('acct-1')])
    assert(slicesOf(map, new Set([shardOf(map, 'acct-1')])).includes(sliceOf('acct-1')))
    assert.equal(slicesOf(map, new Set([0, 1, 2, 3])).length, SLICES)
  })
})

const moved = (before: readonly number[], after: readonly number[]): number =>
  before.filter((shard, slice) => shard !== after[slice]).length
