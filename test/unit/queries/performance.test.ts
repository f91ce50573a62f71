import assert from 'node:assert/strict'
import { byQuoteAsset, capitalsOf, DAY_MS, performanceOf, type Traded } from '../../../src/queries/performance.ts'

const trade = (day: number, side: 'buy' | 'sell', qty: number, quote: number): Traded => ({
  ...{ symbol: 'SOL/USDC', side, qty: BigInt(qty) * 10n ** 9n, quote: BigInt(quote) * 10n ** 6n, at: BigInt(day * DAY_MS + 1_000) },
  ...{ baseDecimals: 9, quoteDecimals: 6 },
})
const closes = (...prices: readonly number[]) =>
  new Map([['SOL/USDC', new Map(prices.map((price, day) => [day * DAY_MS, BigInt(price) * 10n ** 12n]))]])

describe('performance', () => {
  // bought at 100; 110 and 88 at the ends of the next days; sold at 121
  const story = [trade(0, 'buy', 10, 1_000), trade(3, 'sell', 10, 1_210)]

  it('is told day by day, what is open at the day’s last price', () => {
    const told = performanceOf(story, closes(100, 110, 88, 120), 3 * DAY_MS + 5_000, undefined)
    assert.deepEqual(
      told.equity.map(({ equity }) => equity),
      ['1000', '1100', '880', '1210'],
    )
    assert.deepEqual([told.capital, told.profit, told.totalReturn, told.maxDrawdown], ['1000', '210', '0.210000', '0.200000'])
    assert.deepEqual([told.trades, told.closings, told.hitRate], [2, 1, '1.000000'])
  })

  it('makes Sharpe and Sortino of the daily returns', () => {
    const { sharpe, sortino } = performanceOf(story, closes(100, 110, 88, 120), 3 * DAY_MS + 5_000, undefined)
    const returns = [0, 0.1, -0.2, 0.375]
    const mean = returns.reduce((a, b) => a + b) / 4
    const deviation = Math.sqrt(returns.reduce((sum, r) => sum + (r - mean) ** 2, 0) / 3)
    assert.equal(sharpe, ((mean / deviation) * Math.sqrt(365)).toFixed(6))
    assert.equal(sortino, ((mean / Math.sqrt(0.04 / 4)) * Math.sqrt(365)).toFixed(6))
  })

  it('says what had no price, and no figure that has no meaning', () => {
    const told = performanceOf([trade(0, 'buy', 10, 1_000)], new Map(), 1_000, undefined)
    assert.deepEqual(told.unmarked, ['SOL/USDC'])
    assert.deepEqual([told.sharpe, told.sortino, told.hitRate, told.profit], [null, null, null, '0'])
    const empty = performanceOf([], new Map(), DAY_MS, undefined)
    assert.deepEqual([empty.totalReturn, empty.trades], [null, 0])
  })

  it('takes the capital that it is given', () => {
    const told = performanceOf(story, closes(100, 110, 88, 120), 3 * DAY_MS + 5_000, 10_000n * 10n ** 6n)
    assert.deepEqual([told.totalReturn, told.equity.at(-1)?.equity], ['0.021000', '10210'])
  })

  it('takes a capital that every quote asset can hold, and says which one can’t', () => {
    const assets = byQuoteAsset([...story, { ...story[0]!, symbol: 'BONK/SOL', quoteDecimals: 9 }])
    assert.deepEqual(
      [...(capitalsOf('1000.123456000', assets) as ReadonlyMap<string, bigint>)],
      [
        ['USDC', 1_000_123_456n],
        ['SOL', 1_000_123_456_000n],
      ],
    )
    assert.deepEqual(capitalsOf('0.0000001', assets), { reason: 'must have at most 6 decimals, as USDC has' })
    assert.deepEqual(capitalsOf('0.000000000001', new Map()), new Map())
  })

  it('keeps quote assets apart, of as many trades as one answer is made of', () => {
    const trades = Array.from({ length: 50_000 }, (_, n) => ({
      ...story[0]!,
      symbol: n % 2 === 0 ? 'SOL/USDC' : 'BONK/SOL',
      at: BigInt(n),
    }))
    const [usdc, sol, ...others] = [...byQuoteAsset(trades)]
    assert.deepEqual([usdc?.[0], usdc?.[1].length, sol?.[0], sol?.[1].length, others], ['USDC', 25_000, 'SOL', 25_000, []])
    assert.deepEqual(
      sol?.[1].slice(0, 2).map(({ at }) => at),
      [1n, 3n],
    )
  })
})
