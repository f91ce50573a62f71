import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { planOrders } from '../../../src/cli/demo/plan.ts'
import { priceFeed } from '../../../src/cli/demo/prices.ts'
import { seededRandom } from '../../../src/cli/demo/random.ts'

describe('the plan of the demonstration', () => {
  const size = { orders: 2_000, accounts: 8, seed: 7 }
  it('is the same for the same seed, another for another', () => {
    assert.deepEqual(planOrders(size), planOrders(size))
    assert.notDeepEqual(planOrders(size), planOrders({ ...size, seed: 8 }))
  })
  it('spreads over all accounts and shows every kind of order, both sides, all times in force', () => {
    const plan = planOrders(size)
    const seen = (pick: (order: (typeof plan)[number]) => unknown) => new Set(plan.map(pick)).size
    assert.deepEqual(
      [plan.length, seen((o) => o.account), seen((o) => o.kind), seen((o) => o.side), seen((o) => o.timeInForce)],
      [2_000, 8, 11, 2, 3],
    )
  })
  it('holds only orders that the API takes: one quantity each, a price for limits alone', () => {
    for (const order of planOrders(size)) {
      assert.notEqual(order.quantity === undefined, order.cashOrderQty === undefined, order.kind)
      assert.equal(order.type === 'limit', order.priceBps !== undefined, order.kind)
      assert.ok(order.type === 'limit' || order.timeInForce !== 'gtc', order.kind)
    }
  })
})

describe('the seeded generator', () => {
  it('fills its range evenly', () => {
    const random = seededRandom(1)
    const counts = new Map<number, number>()
    for (let i = 0; i < 60_000; i++) {
      const value = random.between(1, 6)
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    assert.deepEqual([...counts.keys()].sort(), [1, 2, 3, 4, 5, 6])
    for (const count of counts.values()) assert.ok(Math.abs(count - 10_000) < 500, String(count))
  })
})

describe('prices of the demonstration', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prices-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('walk by themselves where none were recorded, in steps a market could take', async () => {
    const { source, prices } = await priceFeed(folder, 3)
    assert.equal(source, 'a seeded walk')
    assert.deepEqual(prices, (await priceFeed(join(folder, 'missing'), 3)).prices)
    for (const [i, price] of prices.entries()) {
      const before = Number(prices[Math.max(0, i - 1)])
      assert.ok(Math.abs(Number(price) - before) / before < 0.002, `${before} to ${price}`)
    }
  })
  it('are the recorded closes where there are any', async () => {
    const csv = 'ts_ms,open,high,low,close,volume\n1,1,1,1,146.74,5\n2,1,1,1,146.8,5\n'
    await writeFile(join(folder, 'sol_usdt_perp_binance_1m_20250504_20250603.csv.gz'), gzipSync(csv))
    assert.deepEqual((await priceFeed(folder, 3)).prices, ['146.74', '146.8'])
  })
})
