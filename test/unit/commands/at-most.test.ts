import assert from 'node:assert/strict'
import { atMost } from '../../../src/commands/handler/at-most.ts'

describe('work at most so many at a time', () => {
  it('runs in turn, never more, also when some of it fails', async () => {
    const inTurn = atMost(3)
    let running = 0
    let most = 0
    const began: number[] = []
    const work = (n: number) => async (): Promise<number> => {
      began.push(n)
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      if (n % 4 === 0) throw new Error(String(n))
      return n
    }
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => inTurn(work(n))))
    assert.equal(most, 3)
    assert.deepEqual(
      began,
      [...began].sort((a, b) => a - b),
    )
    assert.deepEqual([outcomes.filter((o) => o.status === 'fulfilled').length, running], [15, 0])
    assert.equal(await inTurn(async () => 'free again'), 'free again')
  })
})
