import assert from 'node:assert/strict'
import { Map as ImmutableMap } from 'immutable'
import { applyPostings, type Balances, balanceOf, covers, isOverdrawn } from '../../../../src/commands/ledger/balances.ts'
import { broughtBy, provisionalOf, totals, withdrawableOf } from '../../../../src/commands/ledger/provisional.ts'
import type { LedgerAccount, Posting } from '../../../../src/events/postings.ts'
import { charged, finalized, funded, landed, left, place, request, signed, sol, swap, USDC, usdc } from '../account-story.ts'

const entry = (account: LedgerAccount, amount: bigint, asset = 'USDC'): Posting => ({ account, kind: 'trade', asset, amount })
const holding = (available: bigint, reserved = 0n): Balances => ImmutableMap([['USDC', { available, reserved }]])

describe('balances', () => {
  it('take the entries of the trader’s own two accounts, one after the other', () => {
    const after = applyPostings(holding(10n, 5n), [
      entry('available', -3n),
      entry('reserved', 3n),
      entry('available', 1n),
      entry('available', 2n, 'SOL'),
    ])
    assert.deepEqual(balanceOf(after, 'USDC'), { available: 8n, reserved: 8n })
    assert.deepEqual(balanceOf(after, 'SOL'), { available: 2n, reserved: 0n })
  })
  it('are not touched by what is the chain’s, the house’s or under way', () => {
    const before = holding(10n)
    assert.equal(applyPostings(before, [entry('external', 1n), entry('house', 1n), entry('transit', 1n)]), before)
    assert.deepEqual(balanceOf(before, 'SOL'), { available: 0n, reserved: 0n })
  })
  it('are overdrawn below zero, not at zero; what is reserved covers nothing', () => {
    assert.deepEqual([isOverdrawn(holding(0n), 'USDC'), isOverdrawn(holding(-1n, 9n), 'USDC')], [false, true])
  })
  it('cover an amount up to all that is available', () => {
    assert.deepEqual([covers(holding(10n, 5n), 'USDC', 10n), covers(holding(10n, 5n), 'USDC', 11n)], [true, false])
  })
})

/** The attempt of an order of the account, landed with the swap, under a fee of 25 bps. */
const traded = (side: 'buy' | 'sell', base: bigint, quote: bigint) => {
  const s = funded()
  s.does(charged(place(request({ side }))))
  s.does(signed('1'))
  s.does(landed('1', swap(base, quote)))
  return s
}

describe('what a transaction brought that is not final', () => {
  const of = (s: ReturnType<typeof traded>) => broughtBy(s.state.attempts.get('1'))

  it('of a purchase is the base without the fee, and what came beyond it', () => {
    assert.deepEqual(of(traded('buy', sol(1), -usdc(100))), [{ asset: 'SOL', amount: sol(0.9975) }])
    assert.deepEqual(of(traded('buy', sol(1.5), -usdc(100))), [
      { asset: 'SOL', amount: sol(0.9975) },
      { asset: 'SOL', amount: sol(0.5) },
    ])
  })
  it('of a sale is the quote without the fee, and what went out too much', () => {
    assert.deepEqual(of(traded('sell', -sol(1), usdc(100))), [{ asset: 'USDC', amount: usdc(99.75) }])
    assert.deepEqual(of(traded('sell', -sol(1.5), usdc(100))), [
      { asset: 'USDC', amount: usdc(99.75) },
      { asset: 'SOL', amount: -sol(0.5) },
    ])
  })
  it('of a deposit is its credit, which may leave once it is final', () => {
    const s = funded()
    s.does({ type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: usdc(5) })
    s.does(signed('d-x', 1, 'deposit'))
    s.does(landed('d-x', left(-usdc(5))))
    assert.deepEqual(broughtBy(s.state.attempts.get('d-x')), [{ asset: 'USDC', amount: usdc(5) }])
    assert.equal(withdrawableOf(s.state, 'USDC'), usdc(1_000))
    const [final] = s.does(finalized('d-x')).events
    assert.deepEqual(final?.type === 'TransactionsFinalized' && final.data.settled, [{ asset: 'USDC', amount: usdc(5).toString() }])
    assert.equal(withdrawableOf(s.state, 'USDC'), usdc(1_005))
  })
  it('is nothing where nothing was booked', () => {
    assert.deepEqual(broughtBy(undefined), [])
    const s = funded()
    s.does(place(request()))
    s.does(signed('1'))
    assert.deepEqual(broughtBy(s.state.attempts.get('1')), [])
  })
  it('may be traded with, and may not leave; never less than nothing', () => {
    const s = traded('sell', -sol(1.5), usdc(100))
    assert.deepEqual([provisionalOf(s.state, 'USDC'), provisionalOf(s.state, 'SOL')], [usdc(99.75), 0n])
    assert.deepEqual([withdrawableOf(s.state, 'USDC'), withdrawableOf(s.state, 'SOL')], [usdc(1_000), sol(8.5)])
  })
  it('leaves nothing to withdraw once more than the rest was spent', () => {
    const s = traded('sell', -sol(1), usdc(100))
    s.does(place(request({ clOrdId: 'c-2', orderQty: null, cashOrderQty: usdc(1_050) })))
    assert.equal(withdrawableOf(s.state, 'USDC'), 0n)
  })
  it('is told by events in one sum for each asset', () => {
    const [a, b, c] = [
      { asset: 'SOL', amount: 5n },
      { asset: 'USDC', amount: 1n },
      { asset: 'SOL', amount: -2n },
    ] as const
    assert.deepEqual(totals([a, b, c]), [
      { asset: 'SOL', amount: '3' },
      { asset: 'USDC', amount: '1' },
    ])
    assert.deepEqual(totals([]), [])
  })
})
