import assert from 'node:assert/strict'
import { evolve, foldAccount } from '../../../../src/commands/account/evolve.ts'
import { type AccountState, EMPTY_ACCOUNT } from '../../../../src/commands/account/state.ts'
import type { AlgoRequest } from '../../../../src/commands/algo/algo-state.ts'
import type { AccountEvent } from '../../../../src/events/account/account-event.ts'
import {
  cancel,
  charged,
  expired,
  finalized,
  funded,
  INSTRUMENT,
  landed,
  limit,
  mid,
  place,
  replace,
  request,
  type Story,
  signed,
  sol,
  swap,
  usdc,
  vanished,
} from '../account-story.ts'

/** What an event of something that the fold does not know leaves of it: everything but its place in the stream. */
const unknown: readonly AccountEvent[] = [
  { type: 'AlgoPaused', data: { algoId: 'none', at: 1 } },
  { type: 'AlgoEnded', data: { algoId: 'none', status: 'Canceled', text: null, executed: '0', at: 1 } },
  { type: 'LedgerCorrectionRejected', data: { correctionId: 'none', by: 'k', reason: 'r', expired: false, at: 1 } },
  { type: 'FundsWithdrawalConfirmed', data: { withdrawalId: 'none', at: 1 } },
  { type: 'FundsTransferCompleted', data: { transferId: 'none', to: 'x', at: 1 } },
  { type: 'OrderTrailed', data: { orderId: 'acct.99', peak: '1', stopPrice: '1', citation: mid('1'), at: 1 } },
  {
    type: 'OrderExpired',
    data: {
      ...{ orderId: 'acct.99', text: 'EXPIRED', released: { asset: 'USDC', amount: '0' }, compensates: null },
      ...{ ordStatus: 'Expired', clOrdId: null, at: 1 },
    },
  },
  { type: 'TransactionExpired', data: { ref: '99', attempt: 1, signature: 's', proof: [], at: 1 } },
  { type: 'TransactionExpired', data: { ref: 'w-none', attempt: 1, signature: 's', proof: [], at: 1 } },
  { type: 'TransactionExpired', data: { ref: 'd-none', attempt: 1, signature: 's', proof: [], at: 1 } },
]

const ALGO: AlgoRequest = {
  ...{ algoId: 'a', side: 'buy', quantity: sol(1), lotSize: 1n, price: '100', maxSlippageBps: 1, strategyId: null },
  ...{ plan: { kind: 'iceberg', displayQty: '1' }, instrument: INSTRUMENT },
}

describe('an account’s fold', () => {
  it('is moved on by every event, and never back in time', () => {
    const s = funded()
    const state = evolve(s.state, { type: 'DeadManDisarmed', data: { at: 10 } }, 99n)
    assert.deepEqual([state.revision, state.lastAt], [99n, 1_000])
    assert.equal(evolve(s.state, { type: 'DeadManDisarmed', data: { at: 2_000 } }, 99n).lastAt, 2_000)
  })
  it('takes no harm from events of what it does not know', () => {
    const s = funded()
    s.does({ type: 'StartAlgo', request: ALGO })
    for (const event of unknown) {
      const after = evolve(s.state, event, s.state.revision + 1n)
      const rest = ({ revision: _revision, lastAt: _lastAt, risk: _risk, ...others }: AccountState) => others
      assert.deepEqual(rest(after), rest(s.state), event.type)
    }
  })
  it('of nothing is the empty account', () => {
    assert.equal(foldAccount([]), EMPTY_ACCOUNT)
  })
})

describe('what a trade leaves on its attempt', () => {
  const bookedOn = (s: Story, ref = '1') => s.state.attempts.get(ref)?.booked
  it('is the trade, its fee and its surplus, to be taken back to the unit', () => {
    const s = funded()
    s.does(charged(place(request())))
    s.does(signed('1'))
    s.does(landed('1', swap(sol(1.5), -usdc(100))))
    assert.deepEqual(bookedOn(s), {
      ...{ kind: 'trade', execId: 'acct.1.1.1', lastQty: sol(1), lastQuote: usdc(100), released: usdc(1) },
      ...{ surplus: sol(0.5), fee: 2_500_000n, sold: false, base: 'SOL', quote: 'USDC' },
    })
    assert.equal(s.state.collected.get('SOL'), 2_500_000n)
    s.does(vanished('1'))
    assert.deepEqual([bookedOn(s), s.state.collected.get('SOL')], [null, 0n])
  })
  it('of a sale says so', () => {
    const s = funded()
    s.does(place(request({ side: 'sell' })))
    s.does(signed('1'))
    s.does(landed('1', swap(-sol(1), usdc(100))))
    assert.deepEqual(bookedOn(s), {
      ...{ kind: 'trade', execId: 'acct.1.1.1', lastQty: sol(1), lastQuote: usdc(100), released: 0n },
      ...{ surplus: 0n, fee: 0n, sold: true, base: 'SOL', quote: 'USDC' },
    })
  })
})

describe('the ids of requests', () => {
  const trigger = { type: 'TriggerOrder', number: 1, trigger: mid('90') } as const
  it('are remembered when they are first on record, and once', () => {
    const s = funded()
    for (const command of [place(limit({ orderQty: sol(2) })), trigger, signed('1')]) s.does(command)
    const before = s.state.closed.size
    s.does(replace(1, 'r', { orderQty: sol(1) }))
    assert.equal(s.state.closed.size, before + 1)
    s.does(replace(1, 'r-2', { orderQty: sol(1) }))
    assert.equal(s.state.closed.size, before + 2, 'beside one that waits')
    const first = s.state.closed
    s.does(expired('1'))
    assert.equal(s.state.closed, first, 'their decision adds nothing')
    s.does(cancel(1, 'x'))
    assert.equal(s.state.closed.size, before + 4, 'the cancel’s and the order’s own')
  })
  it('are none where a plain cancel had none', () => {
    const s = funded()
    for (const command of [place(limit()), trigger, signed('1')]) s.does(command)
    const before = s.state.closed
    s.does(cancel(1))
    assert.equal(s.state.closed, before)
  })
  it('of a refused replace stand among the rejections', () => {
    const s = funded()
    s.does(place(limit()))
    s.does(replace(1, 'r', { orderQty: sol(99) }), 2_000)
    assert.deepEqual([s.state.rejected.size, s.state.rejectedAt, s.state.closed.size], [1, [2_000], 2])
  })
})

describe('an order leaves the fold', () => {
  it('when it has ended and none of its attempts can change any more', () => {
    const s = funded()
    s.does(place(limit({ orderQty: sol(2) })))
    s.does({ type: 'TriggerOrder', number: 1, trigger: mid('90') })
    s.does(signed('1'))
    s.does(landed('1', swap(sol(1), -usdc(90))))
    s.does(cancel(1))
    assert.deepEqual([s.state.orders.size, s.state.openOrders, s.state.attempts.size, s.state.openByClOrdId.size], [1, 0, 1, 1])
    s.does(finalized('1'))
    assert.deepEqual([s.state.orders.size, s.state.openOrders, s.state.attempts.size, s.state.openByClOrdId.size], [0, 0, 0, 0])
    assert.equal(s.state.canceled.get(1)?.cumQty, sol(1))
  })
  it('not while it is open, whatever is final', () => {
    const s = funded()
    s.does(place(limit({ orderQty: sol(2) })))
    s.does({ type: 'TriggerOrder', number: 1, trigger: mid('90') })
    s.does(signed('1'))
    s.does(landed('1', swap(sol(1), -usdc(90))))
    s.does(finalized('1'))
    assert.deepEqual([s.state.orders.size, s.state.openOrders, s.state.attempts.size], [1, 1, 1])
  })
})
