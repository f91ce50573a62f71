import assert from 'node:assert/strict'
import fc from 'fast-check'
import { leastStep } from '../../../src/commands/order/conditions.ts'
import { openOrder } from '../../../src/commands/order/evolve.ts'
import type { OrderState } from '../../../src/commands/order/order-state.ts'
import { PLAIN } from '../../../src/events/order-terms.ts'
import { formatPrice } from '../../../src/platform/decimal.ts'
import type { HeardTick } from '../../../src/rpc/market-data/market-data.ts'
import { createPriceWatch } from '../../../src/settlement/actions/price-watch.ts'
import { createThresholds } from '../../../src/settlement/actions/thresholds.ts'

const SCALE = 10n ** 12n

const order = (number: number, over: Partial<OrderState>): OrderState => ({
  ...openOrder(
    {
      ...{ orderId: `a.${number}`, number, clOrdId: `c${number}`, termsHash: 'x', side: 'buy', type: 'limit', timeInForce: 'gtc' },
      ...{
        orderQty: '1',
        cashOrderQty: null,
        price: '100',
        maxSlippageBps: 0,
        reserved: { asset: 'USDC', amount: '1' },
        reference: null,
        fee: null,
      },
      ...{ ...PLAIN, at: 0 },
      instrument: {
        ...{ symbol: 'SOL/USDC', version: 1, base: 'SOL', quote: 'USDC', baseMint: 'b', quoteMint: 'q', baseDecimals: 9, quoteDecimals: 6 },
      },
    },
    1n,
  ),
  ...over,
})
const stop = (number: number, side: 'buy' | 'sell', stopPrice: string): OrderState =>
  order(number, { type: 'stop', side, price: null, stopPrice })

/** A watch, the market it hears, and the accounts that it has woken. */
const open = () => {
  const woken: string[] = []
  const market = { now: 10_000, mid: undefined as string | undefined, tell: (_: readonly HeardTick[]): void => undefined }
  const watch = createPriceWatch(
    {
      mid: () => (market.mid === undefined ? undefined : { price: market.mid, sourceId: 'm', time: market.now }),
      onTicks: (listener) => {
        market.tell = listener
      },
    },
    { now: () => market.now, sleep: async () => undefined },
    (accountId) => woken.push(accountId),
  )
  const tick = (price: string | number, over: Partial<HeardTick> = {}): readonly string[] => {
    woken.length = 0
    const heard = { symbol: 'SOL/USDC', price: BigInt(Math.round(Number(price) * 1e6)) * 10n ** 6n, volume: 0n, sourceId: `t:${price}` }
    market.tell([{ ...heard, time: market.now, sequence: null, afterGap: false, ...over }])
    return [...woken].sort()
  }
  return { market, watch, tick }
}

describe('thresholds of a price', () => {
  it('give out exactly those that a market meets, once', () => {
    const prices = fc.array(fc.bigInt(0n, 50n), { maxLength: 60 })
    fc.assert(
      fc.property(prices, prices, fc.constantFrom('at_or_below' as const, 'at_or_above' as const), (added, markets, when) => {
        const thresholds = createThresholds<number>(when)
        const left = new Map(added.map((price, n) => [n, price]))
        for (const [n, price] of left) thresholds.add(price, n)
        for (const [n, price] of [...left].filter(([m]) => m % 3 === 0)) {
          thresholds.remove(price, n)
          left.delete(n)
        }
        for (const market of markets) {
          const met = [...left].filter(([, price]) => (when === 'at_or_below' ? market <= price : market >= price)).map(([n]) => n)
          assert.deepEqual(
            [...thresholds.take(market)].sort((a, b) => a - b),
            met,
          )
          for (const n of met) left.delete(n)
        }
      }),
    )
  })
})

describe('watch of resting orders', () => {
  it('wakes the accounts whose price has come, and no other', () => {
    const { watch, tick } = open()
    for (const [account, one] of [
      ['buyer', order(1, { price: '99' })],
      ['seller', order(2, { side: 'sell', price: '101' })],
      ['loser', stop(3, 'sell', '98')],
      ['breaker', stop(4, 'buy', '102')],
    ] as const)
      assert.equal(watch.met(account, one, '0.01'), undefined)
    assert.deepEqual(tick('100'), [])
    assert.deepEqual(tick('101'), ['seller'])
    assert.deepEqual(tick('98'), ['buyer', 'loser'])
    assert.deepEqual(tick('103'), ['breaker'])
    assert.deepEqual(tick('103'), [])
  })

  it('remembers the touch of a stop though the market has turned, as long as it is fresh', () => {
    const { market, watch, tick } = open()
    const one = stop(1, 'sell', '98')
    watch.met('a', one, '0.01')
    tick('97.5')
    market.mid = '105'
    assert.deepEqual(watch.met('a', one, '0.01'), { price: '97.5', sourceId: 't:97.5', time: 10_000 })
    watch.met('a', one, '0.01')
    tick('97.5')
    market.now += 2_001
    assert.equal(watch.met('a', one, '0.01'), undefined)
  })

  it('hears nothing that follows on lost ticks, or is too old', () => {
    const { market, watch, tick } = open()
    watch.met('a', stop(1, 'sell', '98'), '0.01')
    assert.deepEqual(tick('90', { afterGap: true }), [])
    assert.deepEqual(tick('90', { time: market.now - 2_001 }), [])
    assert.deepEqual(tick('90'), ['a'])
  })

  it('wakes a trailing stop by a better peak and by its stop, from where it stands after each', () => {
    const { watch, tick } = open()
    const trailing = (stopPrice: string, peak: string): OrderState =>
      order(1, { type: 'trailing_stop', side: 'sell', price: null, stopPrice, peak, trailingOffset: { kind: 'price', value: '2' } })
    watch.met('a', trailing('98', '100'), '0.01')
    assert.deepEqual(tick('100.04'), [])
    assert.deepEqual(tick('100.05'), ['a'])
    assert.equal(watch.met('a', trailing('98', '100'), '0.01')?.price, '100.05')
    watch.met('a', trailing('98.05', '100.05'), '0.01')
    assert.deepEqual(tick('98.06'), [])
    assert.deepEqual(tick('98.05'), ['a'])
    assert.equal(formatPrice(leastStep(100n * SCALE, '0.01')), '0.05')
  })

  it('leaves a cooled order alone for a second, and an order that is gone for good', () => {
    const { market, watch, tick } = open()
    const one = order(1, { price: '99' })
    watch.met('a', one, '0.01')
    watch.cool(one)
    assert.deepEqual(tick('98'), [])
    market.now += 999
    assert.deepEqual(tick('98'), [])
    market.now += 1
    assert.deepEqual(tick('98'), ['a'])
    watch.met('a', one, '0.01')
    watch.keep('a', new Set())
    assert.equal(watch.size(), 0)
    assert.deepEqual(tick('98'), [])
  })

  it('does not look at the many orders whose price is far away', () => {
    const perTick = (many: number): number => {
      const { watch, tick } = open()
      for (let n = 0; n < many; n++) watch.met(`a${n}`, order(n + 1, { price: String(50 + n / many) }), '0.01')
      const began = performance.now()
      for (let n = 0; n < 1_000; n++) assert.equal(tick(100 + (n % 10)).length, 0)
      return performance.now() - began
    }
    perTick(100)
    const [few, many] = [perTick(100), perTick(10_000)]
    // a scan would take a hundred times as long
    assert(many < few * 20, `${few} ms with 100 orders, ${many} ms with 10,000`)
  })
})
