import assert from 'node:assert/strict'
import { provisionalOf, withdrawableOf } from '../../../src/commands/ledger/provisional.ts'
import { balance, finalized, funded, landed, place, request, type Story, signed, sol, swap, usdc, vanished } from './account-story.ts'

const provisional = ({ state }: Story) => ['SOL', 'USDC'].map((asset) => provisionalOf(state, asset))
const withdrawable = ({ state }: Story) => ['SOL', 'USDC'].map((asset) => withdrawableOf(state, asset))
const settledBy = ({ events }: ReturnType<Story['does']>) =>
  events.flatMap((event) => (event.type === 'TransactionsFinalized' ? [event.data.settled] : []))

/** An account that bought 1 SOL, and 0.5 that it had not asked for, in a transaction that is not final. */
const bought = (): Story => {
  const s = funded()
  s.does(place(request()))
  s.does(signed('1'))
  s.does(landed('1', swap(sol(1.5), -usdc(100))))
  return s
}

describe('provisional funds', () => {
  it('are what a transaction brought that is not final, surplus included: they may be traded with, not withdrawn', () => {
    const s = bought()
    assert.deepEqual(balance(s, 'SOL'), [sol(11.5), 0n])
    assert.deepEqual(provisional(s), [sol(1.5), 0n])
    assert.deepEqual(withdrawable(s), [sol(10), usdc(900)])
    assert.equal(s.does(place(request({ clOrdId: 'all', side: 'sell', orderQty: sol(11.5) }))).answer.kind, 'order')
    assert.deepEqual(withdrawable(s), [0n, usdc(900)])
  })

  it('are settled by finality, which says so', () => {
    const s = bought()
    assert.deepEqual(settledBy(s.does(finalized('1'))), [[{ asset: 'SOL', amount: sol(1.5).toString() }]])
    assert.deepEqual([...provisional(s), ...withdrawable(s)], [0n, 0n, sol(11.5), usdc(900)])
  })

  it('are gone with a transaction that vanished', () => {
    const s = bought()
    s.does(vanished('1'))
    assert.deepEqual([...provisional(s), ...withdrawable(s)], [0n, 0n, sol(10), usdc(899)])
  })
})
