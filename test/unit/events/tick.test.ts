import assert from 'node:assert/strict'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { createTicker } from '../../../src/events/tick.ts'
import type { Clock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'

/** A clock that a sleep moves on at once, and a log that counts what it is given. */
const simulated = () => {
  let now = 1_000
  let appended = 0
  const clock: Clock = {
    now: () => now,
    sleep: async (ms) => {
      now += ms
    },
  }
  const append = async () => {
    appended++
    return { kind: 'appended', revision: 0n, position: { commit: BigInt(appended), prepare: BigInt(appended) } } as const
  }
  const store = { append, setMaxCount: async () => undefined } as unknown as EventStore
  return { ticker: createTicker({ store, ids: systemIds, clock }), clock, appended: () => appended }
}

describe('ticks', () => {
  it('give each later caller a position of its own', async () => {
    const { ticker } = simulated()
    assert.equal((await ticker.tick())?.commit, 1n)
    assert.equal((await ticker.tick())?.commit, 2n)
    assert.equal((await ticker.tick())?.commit, 3n)
  })

  it('are shared by all who wait for the same one', async () => {
    const { ticker, appended } = simulated()
    await ticker.tick()
    const both = await Promise.all([ticker.tick(), ticker.tick()])
    assert.deepEqual(
      both.map((position) => position?.commit),
      [2n, 2n],
    )
    assert.equal(appended(), 2)
  })

  it('are at most twenty a second', async () => {
    const { ticker, clock } = simulated()
    const began = clock.now()
    for (let n = 0; n < 21; n++) await ticker.tick()
    assert.ok(clock.now() - began >= 1_000)
  })
})
