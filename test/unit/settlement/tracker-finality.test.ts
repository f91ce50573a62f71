import assert from 'node:assert/strict'
import { systemClock } from '../../../src/platform/clock.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import type { Chain } from '../../../src/rpc/chain.ts'
import { createTracker } from '../../../src/settlement/landing/tracker.ts'

describe('the finality of a landing', () => {
  it('is looked at again when its news were not enough: final in another slot, and the proof of that failed', async () => {
    const chain = {
      finalizedHeight: async () => ({ ok: true, value: { endpoint: '', height: 90, slot: 100 } }),
      statuses: async () => ({ ok: true, value: { slot: 100, states: [{ slot: 12, commitment: 'finalized', error: null }] } }),
      slotMs: () => 5,
    } as unknown as Chain
    let wake = (): void => undefined
    const parts = { chain, slotMs: 5, clock: systemClock, log: createLog('test', 'silent'), registry: createRegistry('test') }
    const tracker = createTracker({ ...parts, wake: () => wake() })
    const landing = { accountId: 'a', signature: 'sig', slot: 10 }
    const news = () =>
      new Promise<void>((resolve) => {
        wake = resolve
      })
    const first = news()
    assert.deepEqual(tracker.finality(landing), { kind: 'pending' })
    await first
    assert.equal(tracker.finality(landing).kind, 'final')
    // nobody else will say a word about the account: it has to be woken by what the tracker sees
    await news()
    assert.equal(tracker.finality(landing).kind, 'final')
    await tracker.close()
  })
})
