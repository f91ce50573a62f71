import assert from 'node:assert/strict'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { postingsOf } from '../../../src/events/postings.ts'

const trade = {
  execId: 'a.1.1.1',
  orderId: 'a.1',
  attempt: 1,
  generation: 1,
  signature: 's',
  symbol: 'SOL/USDC',
  base: 'SOL',
  quote: 'USDC',
  baseDecimals: 9,
  quoteDecimals: 6,
  lastQty: '1500000000',
  lastQuote: '225000000',
  at: 1,
}
const events: AccountEvent[] = [
  { type: 'FundsCredited', data: { depositId: 'd', asset: 'USDC', amount: '1000', signature: 's', tokenAccount: 't', at: 1 } },
  { type: 'TradeBooked', data: { ...trade, side: 'buy', released: { asset: 'USDC', amount: '2250000' }, ordStatus: 'Filled' } },
  { type: 'TradeBooked', data: { ...trade, side: 'sell', released: { asset: 'SOL', amount: '0' }, ordStatus: 'Filled' } },
  {
    type: 'OrderCanceled',
    data: {
      orderId: 'a.1',
      clOrdId: null,
      text: 'SLIPPAGE',
      released: { asset: 'USDC', amount: '7' },
      compensates: null,
      ordStatus: 'Canceled',
      at: 1,
    },
  },
  {
    type: 'TransactionLanded',
    data: {
      ref: '1',
      attempt: 1,
      signature: 's',
      generation: 1,
      slot: 5,
      fee: '15000',
      priorityFee: '10000',
      tip: '700',
      rent: '2039280',
      deltas: [],
      at: 1,
    },
  },
  {
    type: 'TransactionFailed',
    data: { ref: '1', attempt: 1, signature: 's', generation: 1, slot: 5, fee: '6000', priorityFee: '1000', error: 'custom:1', at: 1 },
  },
  {
    type: 'TransactionVanished',
    data: {
      ...{ ref: '1', attempt: 1, signature: 's', generation: 1, slot: 5, at: 1 },
      returned: { outcome: 'landed', fee: '15000', priorityFee: '10000', tip: '700', rent: '2039280' },
    },
  },
]

/** Change of settled funds (available + reserved) of an asset. */
const settled = (event: AccountEvent, asset: string): bigint =>
  postingsOf(event)
    .filter((p) => p.asset === asset && (p.account === 'available' || p.account === 'reserved'))
    .reduce((sum, p) => sum + p.amount, 0n)

describe('ledger entries of an event', () => {
  for (const event of events) {
    it(`${event.type} adds up to zero for each asset`, () => {
      const sums = new Map<string, bigint>()
      for (const { asset, amount } of postingsOf(event)) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
      assert.ok(sums.size > 0)
      for (const [asset, sum] of sums) assert.equal(sum, 0n, asset)
    })
  }

  it('a bought quantity comes in, its cost goes out of the reservation, the rest of it is free again', () => {
    const postings = postingsOf(events[1]!)
    assert.equal(settled(events[1]!, 'SOL'), 1_500_000_000n)
    assert.equal(settled(events[1]!, 'USDC'), -225_000_000n)
    const reserved = postings.filter((p) => p.account === 'reserved').reduce((sum, p) => sum + p.amount, 0n)
    assert.equal(reserved, -227_250_000n)
  })

  const ofHouse = (event: AccountEvent) =>
    postingsOf(event).flatMap(({ account, kind, amount }) => (account === 'house' ? [[kind, amount]] : []))

  it('fees, tip and rent are paid by the house, not by the trader, each as an entry of its own', () => {
    assert.equal(settled(events[4]!, 'SOL'), 0n)
    assert.deepEqual(ofHouse(events[4]!), [
      ['base_fee', -5_000n],
      ['priority_fee', -10_000n],
      ['tip', -700n],
      ['rent', -2_039_280n],
    ])
  })

  it('a failed transaction costs its fee, under a name of its own', () => {
    assert.deepEqual(ofHouse(events[5]!), [['failed_fee', -6_000n]])
  })

  it('a vanished transaction gives back all that it had cost', () => {
    assert.deepEqual(
      ofHouse(events[6]!),
      ofHouse(events[4]!).map(([kind, amount]) => [kind, -(amount as bigint)]),
    )
  })
})
