import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { countOrder, usage } from '../../../src/commands/limits/measure.ts'
import { funded, INSTRUMENT, landed, limit, mid, place, request, signed, sol, swap, USDC, usdc } from './account-story.ts'

const ONE = 10n ** 12n
const JUP = { ...INSTRUMENT, symbol: 'JUP/USDC', base: { asset: 'JUP', mint: 'MintJUP', decimals: 6 } }
const onJup = (clOrdId: string, orderQty: bigint, rest = {}): AccountCommand =>
  ({ ...place(limit({ clOrdId, symbol: 'JUP/USDC', orderQty, price: '2', ...rest })), instrument: JUP }) as AccountCommand

/** 1 SOL bought by the strategy `arb`; then open: 2 SOL of arb to buy at 50, 1 SOL to sell at 200, 10 JUP to buy at 2. */
const book = () => {
  const s = funded()
  s.does(place(request({ clOrdId: 'held', strategyId: 'arb' })), 1_000)
  s.does(signed('1'))
  s.does(landed('1', swap(sol(1), -usdc(100))))
  s.does(place(limit({ clOrdId: 'a', orderQty: sol(2), price: '50', strategyId: 'arb' })), 2_000)
  s.does(place(limit({ clOrdId: 'b', side: 'sell', orderQty: sol(1), price: '200' })), 2_500)
  s.does(onJup('c', 10_000_000n), 3_000)
  return s.state
}

describe('what an account uses of a limit', () => {
  it('counts the open orders of a symbol, of a strategy, or all of them', () => {
    const state = book()
    const open = (filter = {}) => usage(state, 'openOrders', '', filter, 3_000)
    assert.deepEqual(
      [open(), open({ symbol: 'SOL/USDC' }), open({ strategyId: 'arb' }), open({ symbol: 'JUP/USDC', strategyId: 'arb' })],
      [3n * ONE, 2n * ONE, 1n * ONE, 0n],
    )
  })
  it('sums the notional of one quote asset', () => {
    const state = book()
    assert.equal(usage(state, 'openNotional', 'USDC', {}, 0), 320n * ONE)
    assert.equal(usage(state, 'openNotional', 'USDC', { symbol: 'JUP/USDC' }, 0), 20n * ONE)
    assert.equal(usage(state, 'openNotional', 'EURC', {}, 0), 0n)
  })
  it('takes the worse of both sides for a position, of the account or of a strategy', () => {
    const state = book()
    assert.equal(usage(state, 'position', 'SOL/USDC', {}, 0), 3n * ONE)
    assert.equal(usage(state, 'position', 'SOL/USDC', { strategyId: 'arb' }, 0), 3n * ONE)
    assert.equal(usage(state, 'position', 'JUP/USDC', {}, 0), 10n * ONE)
    assert.equal(usage(state, 'position', 'JUP/USDC', { symbol: 'SOL/USDC' }, 0), 0n, 'an instrument’s limit is about that one alone')
    assert.equal(usage(state, 'position', 'SOL/USDC', { symbol: 'SOL/USDC' }, 0), 3n * ONE)
    const short = { ...countOrder({ ...COUNTED, side: 'sell', qty: sol(6) }) }
    assert.equal(usage(state, 'position', 'SOL/USDC', {}, 0, short), 6n * ONE)
  })
  it('forgets a placement when its whole second has left the minute', () => {
    const state = book()
    const placed = (at: number, filter = {}) => usage(state, 'ordersPerMinute', '', filter, at) / ONE
    assert.deepEqual([placed(3_000), placed(61_999), placed(62_000), placed(63_000), placed(64_000)], [4n, 4n, 3n, 1n, 0n])
    assert.deepEqual([placed(3_000, { symbol: 'SOL/USDC' }), placed(3_000, { strategyId: 'arb' })], [3n, 2n])
  })
  it('takes one more order only where the limit is about it', () => {
    const state = book()
    const more = countOrder({ ...COUNTED, qty: sol(1) })
    assert.equal(usage(state, 'openOrders', '', {}, 0, more), 4n * ONE)
    assert.equal(usage(state, 'openOrders', '', { symbol: 'JUP/USDC' }, 0, more), 1n * ONE)
    assert.equal(usage(state, 'openOrders', '', { strategyId: 'arb' }, 0, more), 1n * ONE)
  })
  it('counts placements by second, symbol and strategy, for a minute and the second that is not over', () => {
    const s = funded()
    const placed = (clOrdId: string, at: number, rest = {}) => s.does(place(limit({ clOrdId, orderQty: sol(0.1), ...rest })), at)
    placed('a', 1_000)
    placed('b', 1_999)
    placed('c', 1_999, { strategyId: 'arb' })
    s.does(onJup('d', 1_000_000n), 1_999)
    assert.deepEqual(
      s.state.risk.pace.map(({ symbol, strategyId, count }) => [symbol, strategyId, count]),
      [
        ['SOL/USDC', null, 2],
        ['SOL/USDC', 'arb', 1],
        ['JUP/USDC', null, 1],
      ],
    )
    placed('e', 61_000)
    assert.equal(s.state.risk.pace.length, 4)
    placed('f', 62_000)
    assert.deepEqual(
      s.state.risk.pace.map(({ second, count }) => [second, count]),
      [
        [61, 1],
        [62, 1],
      ],
    )
  })
})

const COUNTED = {
  ...{ side: 'buy' as const, strategyId: null, symbol: 'SOL/USDC', quote: 'USDC', baseDecimals: 9, quoteDecimals: USDC.decimals },
  ...{ qty: null, cash: null, price: '100' },
}

describe('an order as limits count it', () => {
  it('is its quantity at its price, rounded up', () => {
    const { qty, notional } = countOrder({ ...COUNTED, qty: 1n, price: '0.0001' })
    assert.deepEqual([qty, notional], [1_000n, 1n])
  })
  it('by cash is the cash, and the quantity that it buys at the price', () => {
    const { qty, notional } = countOrder({ ...COUNTED, cash: usdc(50) })
    assert.deepEqual([qty, notional], [ONE / 2n, 50n * ONE])
  })
  it('without any price is no quantity that could be told', () => {
    assert.equal(countOrder({ ...COUNTED, cash: usdc(50), price: null }).qty, 0n)
    assert.equal(countOrder({ ...COUNTED, qty: sol(1), price: null }).notional, 0n)
  })
  it('at the market counts at the reference it reserves by', () => {
    const s = funded()
    s.does({ ...place(request({ clOrdId: 'm' })), reference: mid('120') } as AccountCommand)
    assert.equal(usage(s.state, 'openNotional', 'USDC', {}, 0), 120n * ONE)
  })
})
