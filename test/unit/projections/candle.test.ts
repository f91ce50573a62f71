import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Candle, candlesOf, type RecordedTick } from '../../../src/projections/market/candle.ts'
import { STEPS } from '../../../src/projections/market/steps.ts'

const tick = (time: number, price: number, volume = 1): RecordedTick => ({
  ...{ symbol: 'SOL/USDC', price: BigInt(price), volume: BigInt(volume), sourceId: 't:1', time, sequence: null },
})

describe('candles', () => {
  it('hold the first, last, highest and lowest price of their time, by time and not by arrival', () => {
    const candles = candlesOf([tick(1_500, 10), tick(1_200, 12), tick(1_900, 9), tick(1_800, 11), tick(2_000, 50)])
    const [second, next] = candles.filter(({ step }) => step === '1s')
    assert.deepEqual(second, {
      ...{ symbol: 'SOL/USDC', step: '1s', at: 1_000, open: 12n, high: 12n, low: 9n, close: 9n, volume: 4n, ticks: 4 },
      ...{ openedAt: 1_200, closedAt: 1_900 },
    })
    assert.equal(next?.at, 2_000)
    assert.deepEqual(
      candles.filter(({ step }) => step === '1d').map(({ at, ticks }) => [at, ticks]),
      [[0, 5]],
    )
  })

  it('of every length hold every tick once', () => {
    const ticks = fc.array(fc.record({ time: fc.nat(10 ** 9), price: fc.nat(1_000), symbol: fc.constantFrom('A/B', 'C/D') }), {
      maxLength: 80,
    })
    fc.assert(
      fc.property(ticks, (given) => {
        const candles = candlesOf(given.map(({ time, price, symbol }) => ({ ...tick(time, price), symbol })))
        for (const step of STEPS) {
          const own = candles.filter((candle: Candle) => candle.step === step.name)
          assert.equal(
            own.reduce((sum, candle) => sum + candle.ticks, 0),
            given.length,
          )
          assert.equal(new Set(own.map(({ symbol, at }) => `${symbol} ${at}`)).size, own.length)
          for (const candle of own) {
            const inside = given.filter(({ time, symbol }) => symbol === candle.symbol && time >= candle.at && time < candle.at + step.ms)
            assert.equal(candle.ticks, inside.length)
            assert.equal(candle.high, BigInt(Math.max(...inside.map(({ price }) => price))))
            assert.equal(candle.low, BigInt(Math.min(...inside.map(({ price }) => price))))
          }
        }
      }),
    )
  })
})
