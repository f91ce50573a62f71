import assert from 'node:assert/strict'
import fc from 'fast-check'
import { withdrawableOf } from '../../../src/commands/ledger/provisional.ts'
import { feeOn } from '../../../src/events/trading-fee.ts'
import {
  balance,
  charged,
  FEE,
  finalized,
  funded,
  landed,
  limit,
  place,
  request,
  signed,
  sol,
  swap,
  typesOf,
  usdc,
  vanished,
} from './account-story.ts'

describe('trading fee', () => {
  it('is cited in the acceptance and taken from what a buy brings in, in the append of the trade', () => {
    const s = funded()
    const [accepted] = s.does(charged(place(request()))).events
    assert.deepEqual(accepted?.type === 'OrderAccepted' && accepted.data.fee, FEE)
    s.does(signed('1'))
    const booked = s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.deepEqual(typesOf(booked), ['TransactionLanded', 'TradeBooked', 'LedgerFeeCharged'])
    const fee = booked.events[2]
    assert.ok(fee?.type === 'LedgerFeeCharged')
    // 25 bps of 1 SOL
    assert.deepEqual(fee.data, { execId: 'acct.1.1.1', orderId: 'acct.1', asset: 'SOL', amount: '2500000', fee: FEE, at: 1_000 })
    assert.deepEqual(balance(s, 'SOL'), [sol(11) - 2_500_000n, 0n])
    assert.deepEqual(balance(s, 'USDC'), [usdc(900), 0n])
    assert.equal(s.state.collected.get('SOL'), 2_500_000n)
  })

  it('of a sell is taken from the quote it brings in', () => {
    const s = funded()
    s.does(charged(place(request({ side: 'sell' }))))
    s.does(signed('1'))
    s.does(landed('1', swap(-sol(1), usdc(100))))
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_100) - 250_000n, 0n])
    assert.equal(s.state.collected.get('USDC'), 250_000n)
  })

  it('is none without a schedule, and none is booked where the rate comes to less than one unit', () => {
    const s = funded()
    s.does(place(request({ clOrdId: 'free' })))
    s.does(charged(place(request({ clOrdId: 'tiny', side: 'sell' }), '100'), { ...FEE, bps: 1 }))
    s.does(signed('1'))
    assert.deepEqual(typesOf(s.does(landed('1', swap(sol(1), -usdc(100))))), ['TransactionLanded', 'TradeBooked'])
    s.does(signed('2'))
    assert.deepEqual(typesOf(s.does(landed('2', swap(-sol(1), 9_999n)))), ['TransactionLanded', 'TradeBooked'])
  })

  it('is not taken of a surplus, which is no fill', () => {
    const s = funded()
    s.does(charged(place(request())))
    s.does(signed('1'))
    const { events } = s.does(landed('1', swap(sol(2), -usdc(100))))
    const fees = events.flatMap((event) => (event.type === 'LedgerFeeCharged' ? [event.data.amount] : []))
    assert.deepEqual(fees, ['2500000'])
  })

  it('is what was in force at acceptance, whatever is defined before the fill', () => {
    const s = funded()
    s.does(charged(place(limit())))
    s.does({ type: 'SetFeeTier', tier: 5, by: 'op' })
    assert.equal(s.state.orders.get(1)?.fee?.bps, 25)
    assert.equal(s.state.feeTier, 5)
    s.does({ type: 'TriggerOrder', number: 1, trigger: { price: '100', sourceId: 'test', time: 1_000 } })
    s.does(signed('1'))
    const { events } = s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.ok(events.some((event) => event.type === 'LedgerFeeCharged' && event.data.fee.schedule.version === 2))
    assert.deepEqual(s.does({ type: 'SetFeeTier', tier: 5, by: 'op' }).events, [])
  })

  it('comes back to the unit when the trade is busted, and is charged anew when it lands again', () => {
    const s = funded()
    s.does(charged(place(request())))
    s.does(signed('1'))
    s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.deepEqual(typesOf(s.does(vanished('1'))), ['TransactionVanished', 'TradeCanceled', 'LedgerFeeReversed'])
    assert.equal(s.state.collected.get('SOL'), 0n)
    assert.deepEqual(balance(s, 'SOL'), [sol(10), 0n])
    s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.equal(s.state.collected.get('SOL'), 2_500_000n)
  })

  it('is not withdrawable before or after finality', () => {
    const s = funded()
    s.does(charged(place(request())))
    s.does(signed('1'))
    s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.equal(withdrawableOf(s.state, 'SOL'), sol(10))
    s.does(finalized('1'))
    assert.equal(withdrawableOf(s.state, 'SOL'), sol(11) - 2_500_000n)
  })

  it('never is more than the rate, and less than it by less than one unit', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n), fc.integer({ min: 0, max: 10_000 }), (received, bps) => {
        const fee = feeOn(received, { ...FEE, bps })
        assert.ok(fee * 10_000n <= received * BigInt(bps))
        assert.ok((fee + 1n) * 10_000n > received * BigInt(bps))
        assert.ok(fee >= 0n && fee <= received)
      }),
    )
  })
})
