import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createPressure, priceAt } from '../../../src/rpc/fees/price-levels.ts'
import { skipBecause } from '../../support/skip.ts'

const FILE = join(process.env.SHARED_DATA ?? resolve('..', 'shared', 'data'), 'solana', 'getRecentPrioritizationFees.json')
const bounds = { floor: 1_000n, cap: 2_000_000n }

describe('the price of a place in a block', () => {
  it('is the floor until five slots are known', () => {
    assert.equal(priceAt([9_000n, 9_000n, 9_000n, 9_000n], 75, bounds), 1_000n)
    assert.equal(priceAt([9_000n, 9_000n, 9_000n, 9_000n, 9_000n], 75, bounds), 9_000n)
  })

  it('never leaves floor and cap', () => {
    assert.equal(
      priceAt(
        Array.from({ length: 9 }, () => 0n),
        95,
        bounds,
      ),
      1_000n,
    )
    assert.equal(
      priceAt(
        Array.from({ length: 9 }, () => 9_000_000n),
        50,
        bounds,
      ),
      2_000_000n,
    )
  })

  it('follows the distribution of 150 mainnet slots', function () {
    if (!existsSync(FILE)) skipBecause(this, `no mainnet data at ${FILE}`)
    const { result } = JSON.parse(readFileSync(FILE, 'utf8')) as { result: { prioritizationFee: number }[] }
    const samples = result.map(({ prioritizationFee }) => BigInt(prioritizationFee))
    assert.equal(samples.length, 150)
    const wide = { floor: 0n, cap: 10n ** 12n }
    // 88 of the 150 slots asked for nothing: the median is free.
    assert.equal(priceAt(samples, 50, wide), 0n)
    assert.equal(priceAt(samples, 50, bounds), 1_000n)
    const [p75, p90, p95] = [75, 90, 95].map((percentile) => priceAt(samples, percentile, wide)) as [bigint, bigint, bigint]
    assert.ok(p75 >= 140_000n && p75 <= 160_000n, `${p75}`)
    assert.ok(p90 >= 390_000n && p90 <= 410_000n, `${p90}`)
    assert.ok(p95 > p90)
    assert.equal(priceAt(samples, 100, wide), 6_064_097n)
    assert.equal(priceAt(samples, 100, bounds), 2_000_000n)
  })
})

describe('pressure of the landing rate', () => {
  const when = (...fates: readonly (readonly ['promptly' | 'late' | 'never', number])[]) => {
    const pressure = createPressure()
    for (const [how, times] of fates) for (let i = 0; i < times; i++) pressure.noted(how)
    return pressure
  }

  it('bids the 75th percentile until it knows better', () => assert.equal(when().percentile(), 75))

  it('bids more when transactions land late, and at once when one never lands', () => {
    assert.equal(when(['late', 12]).percentile(), 90)
    assert.equal(when(['never', 1]).percentile(), 90)
    assert.equal(when(['late', 100]).percentile(), 95)
    assert.ok(when(['late', 100]).landingRate() < 0.05)
  })

  it('bids less again, slowly, when they land promptly', () => {
    assert.equal(when(['never', 1], ['promptly', 10]).percentile(), 90)
    assert.equal(when(['never', 1], ['promptly', 25]).percentile(), 75)
    assert.equal(when(['promptly', 1_000]).percentile(), 50)
  })
})
