import assert from 'node:assert/strict'
import { applyEffect, effectOf, type Holding, realizedOn, reverse, type Traded } from '../../../src/commands/limits/holding.ts'

const DAY = 86_400_000
const trade = (side: 'buy' | 'sell', base: bigint, paid: bigint, at = 0): Traded => ({ side, quote: 'USDC', base, paid, at })
/** What is held after trades, one after the other. */
const heldAfter = (...trades: readonly Traded[]): Holding => {
  let held: Holding | undefined
  for (const each of trades) held = applyEffect(held, effectOf(held, each), each.quote)
  return held!
}

describe('a holding at average cost', () => {
  it('grows at the price of each trade', () => {
    assert.deepEqual(heldAfter(trade('buy', 2n, 200n), trade('buy', 1n, 130n)), {
      qty: 3n,
      cost: 330n,
      quote: 'USDC',
      day: 0,
      realized: 0n,
    })
  })
  it('closes at the average and realises the difference', () => {
    const held = heldAfter(trade('buy', 2n, 200n), trade('buy', 2n, 240n), trade('sell', 1n, 150n))
    assert.deepEqual(held, { qty: 3n, cost: 330n, quote: 'USDC', day: 0, realized: 40n })
  })
  it('of a short grows with each sale and is closed by buying back', () => {
    const short = heldAfter(trade('sell', 2n, 200n), trade('sell', 2n, 180n))
    assert.deepEqual([short.qty, short.cost, short.realized], [-4n, -380n, 0n])
    const back = heldAfter(trade('sell', 4n, 400n), trade('buy', 1n, 90n))
    assert.deepEqual([back.qty, back.cost, back.realized], [-3n, -300n, 10n])
  })
  it('turns round: the part that closes is realised, the rest opens at the trade’s own price', () => {
    const held = heldAfter(trade('buy', 2n, 200n), trade('sell', 5n, 600n))
    assert.deepEqual([held.qty, held.cost, held.realized], [-3n, -360n, 40n])
    const other = heldAfter(trade('sell', 2n, 200n), trade('buy', 5n, 400n))
    assert.deepEqual([other.qty, other.cost, other.realized], [3n, 240n, 40n])
  })
  it('that was closed to nothing opens anew at the next price', () => {
    const held = heldAfter(trade('buy', 2n, 200n), trade('sell', 2n, 220n), trade('sell', 1n, 90n))
    assert.deepEqual([held.qty, held.cost, held.realized], [-1n, -90n, 20n])
  })
  it('takes money that moved without a quantity as gained or lost', () => {
    const held = heldAfter(trade('buy', 2n, 200n), trade('sell', 0n, 7n))
    assert.deepEqual([held.qty, held.cost, held.realized], [2n, 200n, 7n])
  })
  it('counts what was realised by day, and begins a new day at nothing', () => {
    const held = heldAfter(trade('buy', 3n, 300n), trade('sell', 1n, 110n), trade('sell', 1n, 95n, DAY))
    assert.deepEqual([held.day, held.realized], [1, -5n])
    assert.deepEqual([realizedOn(held, DAY + 5), realizedOn(held, DAY - 1)], [-5n, 0n])
  })
  it('is as before when a trade is taken back; a bust of yesterday leaves today’s result alone', () => {
    const before = heldAfter(trade('buy', 3n, 300n))
    const effect = effectOf(before, trade('sell', 1n, 110n))
    assert.deepEqual(applyEffect(applyEffect(before, effect, 'USDC'), reverse(effect), 'USDC'), before)
    const today = heldAfter(trade('buy', 3n, 300n), trade('sell', 1n, 110n), trade('sell', 1n, 95n, DAY))
    const busted = applyEffect(today, reverse(effect), 'USDC')
    assert.deepEqual([busted.day, busted.realized, busted.qty], [1, -5n, 2n])
  })
})
