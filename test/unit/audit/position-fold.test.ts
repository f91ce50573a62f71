import assert from 'node:assert/strict'
import { foldPositions } from '../../../src/audit/position-fold.ts'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { storyOf } from './account-story.ts'

const { busted, canceled, overfilled, traded } = storyOf('a')

const SOL = 10n ** 9n
const USDC = 10n ** 6n
const buy = (number: number, sol: bigint, usdc: bigint) => traded(number, String(sol * SOL), String(usdc * USDC), 'Filled')

const positionsOf = (...events: AccountEvent[]) => {
  const positions = foldPositions()
  for (const event of events) positions.apply(event)
  return positions.all().map(({ symbol, qty, cost }) => [symbol, qty, cost])
}

describe('positions folded from events', () => {
  it('are what was traded, at what it cost', () => {
    assert.deepEqual(positionsOf(buy(1, 2n, 300n), canceled(2), buy(3, 1n, 160n)), [['SOL/USDC', 3n * SOL, 460n * USDC]])
  })
  it('count an execution beyond its order, as the read model does', () => {
    const twice = overfilled(1, String(2n * SOL), String(310n * USDC))
    assert.deepEqual(positionsOf(buy(1, 2n, 300n), twice), [['SOL/USDC', 4n * SOL, 610n * USDC]])
  })
  it('know nothing of a busted trade', () => {
    const bust = busted(1, String(2n * SOL), String(300n * USDC), '0')
    assert.deepEqual(positionsOf(buy(1, 2n, 300n), buy(3, 1n, 160n), bust), [['SOL/USDC', SOL, 160n * USDC]])
    assert.deepEqual(positionsOf(buy(1, 2n, 300n), bust), [])
  })
  it('of a long history take no longer by its square', () => {
    const trade = buy(1, 1n, 150n)
    assert.deepEqual(positionsOf(...Array.from({ length: 50_000 }, () => trade)), [['SOL/USDC', 50_000n * SOL, 7_500_000n * USDC]])
  })
})
