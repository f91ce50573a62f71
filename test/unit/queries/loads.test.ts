import assert from 'node:assert/strict'
import { createLoads } from '../../../src/queries/shards/loads.ts'

describe('loads that are shared', () => {
  /** A load that is as of the position at its beginning, and as slow as told. */
  const source = () => {
    let position = 10n
    let loads = 0
    const turns: (() => void)[] = []
    return {
      loads: () => loads,
      move: (to: bigint) => {
        position = to
      },
      finish: () => turns.shift()!(),
      load: (): Promise<{ asOf: bigint }> => {
        loads++
        const asOf = position
        return new Promise((resolve) => turns.push(() => resolve({ asOf })))
      },
    }
  }
  const asOf = (value: { asOf: bigint }): bigint => value.asOf

  it('are one for a thousand who miss at once', async () => {
    const loads = createLoads()
    const from = source()
    const readers = Array.from({ length: 1_000 }, () => loads.share('b:a', 10n, asOf, from.load))
    from.finish()
    assert.deepEqual(new Set((await Promise.all(readers)).map((value) => value.asOf)), new Set([10n]))
    assert.equal(from.loads(), 1)
  })

  it('are not given to a reader for whom they began too early', async () => {
    const loads = createLoads()
    const from = source()
    const early = loads.share('b:a', 10n, asOf, from.load)
    from.move(20n)
    const late = [1, 2, 3].map(() => loads.share('b:a', 20n, asOf, from.load))
    from.finish()
    assert.equal((await early).asOf, 10n)
    await new Promise((resolve) => setImmediate(resolve))
    from.finish()
    assert.deepEqual((await Promise.all(late)).map(asOf), [20n, 20n, 20n])
    assert.equal(from.loads(), 2)
  })

  it('fail for all who share one, and are forgotten', async () => {
    const loads = createLoads()
    const failing = () => Promise.reject(new Error('away'))
    const readers = [1, 2].map(() => loads.share('b:a', 0n, asOf, failing))
    for (const reader of readers) await assert.rejects(reader, /away/)
    assert.equal((await loads.share('b:a', 0n, asOf, async () => ({ asOf: 5n }))).asOf, 5n)
  })
})
