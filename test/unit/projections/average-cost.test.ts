import assert from 'node:assert/strict'
import fc from 'fast-check'
import { addTrade, FLAT, type Holding } from '../../../src/projections/read-models/average-cost.ts'

type Trade = readonly ['buy' | 'sell', bigint, bigint]
const holdingAfter = (...trades: readonly Trade[]): Holding =>
  trades.reduce((held, [side, base, quote]) => addTrade(held, side, base, quote), FLAT)

describe('average cost', () => {
  it('adds buys, and realises a sale against the average', () => {
    assert.deepEqual(holdingAfter(['buy', 1n, 100n], ['buy', 1n, 200n]), { qty: 2n, cost: 300n, realized: 0n })
    assert.deepEqual(holdingAfter(['buy', 1n, 100n], ['buy', 1n, 200n], ['sell', 1n, 180n]), { qty: 1n, cost: 150n, realized: 30n })
  })

  it('is flat without cost when all is sold', () => {
    assert.deepEqual(holdingAfter(['buy', 3n, 100n], ['sell', 1n, 40n], ['sell', 2n, 80n]), { qty: 0n, cost: 0n, realized: 20n })
  })

  it('goes short at the sale price and realises when bought back', () => {
    assert.deepEqual(holdingAfter(['sell', 2n, 300n]), { qty: -2n, cost: -300n, realized: 0n })
    assert.deepEqual(holdingAfter(['sell', 2n, 300n], ['buy', 2n, 200n]), { qty: 0n, cost: 0n, realized: 100n })
  })

  it('turns over: closes what is open, opens the rest at the price of the trade', () => {
    assert.deepEqual(holdingAfter(['buy', 1n, 100n], ['sell', 3n, 450n]), { qty: -2n, cost: -300n, realized: 50n })
  })

  it('never loses a unit: cash paid and received is cost less what was realised', () => {
    const trade = fc.tuple(fc.constantFrom('buy' as const, 'sell' as const), fc.bigInt(1n, 10n ** 12n), fc.bigInt(1n, 10n ** 15n))
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 40 }), (trades) => {
        const held = holdingAfter(...trades)
        const cash = trades.reduce((sum, [side, , quote]) => sum + (side === 'buy' ? quote : -quote), 0n)
        const qty = trades.reduce((sum, [side, base]) => sum + (side === 'buy' ? base : -base), 0n)
        assert.equal(held.qty, qty)
        assert.equal(held.cost - held.realized, cash)
        if (qty === 0n) assert.equal(held.cost, 0n)
      }),
    )
  })
})
