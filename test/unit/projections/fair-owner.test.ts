import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fairOwner } from '../../../src/projections/sharing/fair-owner.ts'

const shares = (shards: number, members: readonly string[]): (string | undefined)[] =>
  Array.from({ length: shards }, (_, shard) => fairOwner(shards, members, shard))

describe('sharing shards among projectors', () => {
  it('gives every member its even share, give or take one, whatever the order in which they are seen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 12 }), (shards, members) => {
        const owners = shares(shards, members)
        for (const member of members) {
          const load = owners.filter((owner) => owner === member).length
          assert(load >= Math.floor(shards / members.length) && load <= Math.ceil(shards / members.length), `${load} of ${shards}`)
        }
        assert.deepEqual(shares(shards, [...members].reverse()), owners)
      }),
    )
  })

  it('gives nothing without members', () => {
    assert.deepEqual(shares(2, []), [undefined, undefined])
  })
})
