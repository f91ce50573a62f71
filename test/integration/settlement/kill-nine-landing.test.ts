import assert from 'node:assert/strict'
import { killNine } from './kill-nine.ts'

/** A few in the suite; `npm run soak:landing` for all. */
const KILLS = 4

describe('kill -9 of settlement between any two steps of a landing', function () {
  this.timeout(240_000)

  it(`${KILLS} times: nothing doubled, nothing forgotten`, async () => {
    const { doubled, forgotten, unequal, open, signatures } = await killNine({ rounds: KILLS, seed: 1 })
    assert.deepEqual({ doubled, forgotten, unequal, open }, { doubled: 0, forgotten: 0, unequal: 0, open: 0 })
    assert.ok(signatures >= KILLS)
  })
})
