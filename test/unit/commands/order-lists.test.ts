import assert from 'node:assert/strict'
import type { AccountCommand, OrderRequest } from '../../../src/commands/account/command.ts'
import { waitingFor } from '../../../src/commands/order/conditions.ts'
import {
  balance,
  cancel,
  codeOf,
  expired,
  failed,
  funded,
  INSTRUMENT,
  landed,
  limit,
  mid,
  place,
  request,
  type Story,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  usdc,
  vanished,
} from './account-story.ts'

type Kind = 'oco' | 'oto' | 'bracket'
const list = (kind: Kind, ...legs: OrderRequest[]): AccountCommand => ({
  ...{ type: 'PlaceList', listId: 'L', kind, legs },
  ...{ instrument: INSTRUMENT, reference: mid('100') },
})
const trigger = (number: number, price: string): AccountCommand => ({ type: 'TriggerOrder', number, trigger: mid(price) })

const profit = (r: Partial<OrderRequest> = {}) => limit({ clOrdId: 'profit', side: 'sell', price: '120', orderQty: sol(2), ...r })
const stopLoss = (r: Partial<OrderRequest> = {}) =>
  request({ clOrdId: 'stop', type: 'stop', side: 'sell', timeInForce: 'gtc', stopPrice: '90', orderQty: sol(3), ...r })
const entry = (r: Partial<OrderRequest> = {}) => limit({ clOrdId: 'entry', price: '100', orderQty: sol(2), ...r })
const given = (command: AccountCommand): Story => {
  const s = funded()
  assert.equal(codeOf(s.does(command)), 'list')
  return s
}
const order = (s: Story, number: number) => s.state.orders.get(number)!
const held = (s: Story) => [1, 2, 3].flatMap((n) => (s.state.orders.get(n) ? [order(s, n).reserved.amount] : []))

describe('one cancels the other', () => {
  it('is accepted whole, in one append, and holds the funds of its dearest leg once', () => {
    const s = funded()
    const decision = s.does(list('oco', profit(), stopLoss()))
    assert.deepEqual(typesOf(decision), ['OrderAccepted', 'OrderAccepted'])
    assert.deepEqual(
      [balance(s, 'SOL'), held(s)],
      [
        [sol(7), sol(3)],
        [sol(2), sol(1)],
      ],
    )
    assert.ok(decision.answer.kind === 'list' && decision.answer.first && decision.answer.orders.length === 2)
    const again = s.does(list('oco', profit(), stopLoss()))
    assert.ok(again.answer.kind === 'list' && !again.answer.first && again.events.length === 0)
    assert.equal(codeOf(s.does(list('oco', profit({ price: '121' }), stopLoss()))), 'duplicate_cl_ord_id')
  })

  it('moves the reservation to the leg that is met, and lets no other one go meanwhile', () => {
    const s = given(list('oco', profit(), stopLoss()))
    assert.deepEqual(typesOf(s.does(trigger(2, '89'))), ['OrderReservationMoved', 'OrderReservationMoved', 'OrderTriggered'])
    assert.deepEqual(
      [held(s), balance(s, 'SOL')],
      [
        [0n, sol(3)],
        [sol(7), sol(3)],
      ],
    )
    assert.equal(codeOf(s.does(trigger(1, '121'))), 'ignored')
    s.does(signed('2'))
    assert.equal(codeOf(s.does(trigger(1, '121'))), 'ignored')
    s.does(failed('2'))
    assert.deepEqual(typesOf(s.does(trigger(1, '121'))), ['OrderReservationMoved', 'OrderReservationMoved', 'OrderTriggered'])
    assert.deepEqual(held(s), [sol(3), 0n])
  })

  it('cancels the other with any fill, in the same append, and holds nothing more for it', () => {
    for (const [qty, status] of [
      [3, 'Filled'],
      [1, 'PartiallyFilled'],
    ] as const) {
      const s = given(list('oco', profit(), stopLoss()))
      s.does(trigger(2, '89'))
      s.does(signed('2'))
      const end = s.does(landed('2', swap(-sol(qty), usdc(qty * 89))))
      assert.deepEqual([typesOf(end).at(-1), statusOf(s, 2), statusOf(s, 1)], ['OrderCanceled', status, undefined])
      assert.deepEqual(balance(s, 'SOL'), [sol(7), sol(3 - qty)])
    }
  })

  it('ends with either leg: a cancel takes both, pending where one is being executed', () => {
    const s = given(list('oco', profit(), stopLoss()))
    assert.deepEqual(typesOf(s.does(cancel(1))), ['OrderCanceled', 'OrderCanceled'])
    assert.deepEqual(balance(s, 'SOL'), [sol(10), 0n])
    const open = given(list('oco', profit(), stopLoss()))
    open.does(trigger(2, '89'))
    open.does(signed('2'))
    assert.deepEqual(typesOf(open.does(cancel(1))), ['OrderCanceled', 'OrderCancelRequested'])
    open.does(expired('2'))
    assert.deepEqual(balance(open, 'SOL'), [sol(10), 0n])
  })

  it('is refused whole when a leg is: on record once, and again by the same request', () => {
    const s = funded()
    const poor = list('oco', profit(), stopLoss({ orderQty: sol(50) }))
    const decision = s.does(poor)
    assert.deepEqual([codeOf(decision), typesOf(decision)], ['insufficient_funds', ['OrderRejected']])
    assert.ok(decision.answer.kind === 'refused' && decision.answer.refusal.extra?.orderId === 'acct.1')
    assert.deepEqual([s.state.openOrders, balance(s, 'SOL')], [0, [sol(10), 0n]])
    assert.equal(codeOf(s.does(poor)), 'repeated')
  })

  it('is refused whole while trading is halted', () => {
    const s = funded()
    const control = { state: 'HALTED', scope: 'global', reason: 'a test', setBy: undefined } as const
    const decision = s.does({ ...(list('oco', profit(), stopLoss()) as Extract<AccountCommand, { type: 'PlaceList' }>), control })
    assert.deepEqual([codeOf(decision), typesOf(decision)], ['halted', ['OrderRejected']])
  })

  it('takes no replace of a leg', () => {
    const s = given(list('oco', profit(), stopLoss()))
    const change = { orderQty: sol(1), cashOrderQty: null, price: null, stopPrice: null }
    assert.equal(codeOf(s.does({ type: 'ReplaceOrder', number: 1, clOrdId: 'r', change })), 'invalid_request')
  })
})

describe('one triggers the other', () => {
  const child = (r: Partial<OrderRequest> = {}) => limit({ clOrdId: 'child', side: 'sell', price: '130', orderQty: sol(12), ...r })
  const fillEntry = (s: Story, qty: number) => {
    s.does(trigger(1, '99'))
    s.does(signed('1'))
    return s.does(landed('1', swap(sol(qty), -usdc(qty * 99))))
  }

  it('holds the child without funds until the parent is filled, then funds it', () => {
    const s = given(list('oto', entry(), child()))
    assert.deepEqual([order(s, 2).held, held(s), waitingFor(order(s, 2))], [true, [usdc(200), 0n], undefined])
    assert.equal(codeOf(s.does(trigger(2, '140'))), 'ignored')
    assert.deepEqual(typesOf(fillEntry(s, 2)), ['TransactionLanded', 'TradeBooked', 'OrderReleased'])
    assert.deepEqual([order(s, 2).held, balance(s, 'SOL')], [false, [0n, sol(12)]])
    assert.deepEqual(typesOf(s.does(trigger(2, '140'))), ['OrderTriggered'])
  })

  it('ends the child when the funds are gone, or the parent ended without a fill', () => {
    const poor = given(list('oto', entry(), child({ orderQty: sol(50) })))
    assert.deepEqual(typesOf(fillEntry(poor, 2)).at(-1), 'OrderCanceled')
    const gone = given(list('oto', entry(), child()))
    assert.deepEqual(typesOf(gone.does(cancel(1))), ['OrderCanceled', 'OrderCanceled'])
    assert.deepEqual([gone.state.openOrders, balance(gone, 'USDC')], [0, [usdc(1_000), 0n]])
  })

  it('releases no more than a parent that ended with a part has executed', () => {
    const s = given(list('oto', entry({ timeInForce: 'ioc' }), child({ orderQty: sol(2) })))
    s.does(signed('1'))
    const end = s.does(landed('1', swap(sol(0.5), -usdc(49))))
    assert.deepEqual(typesOf(end).slice(-2), ['OrderCanceled', 'OrderReleased'])
    assert.deepEqual([order(s, 2).orderQty, order(s, 2).reserved.amount], [sol(0.5), sol(0.5)])
  })
})

describe('a bracket', () => {
  const bracket = () => list('bracket', entry(), profit(), stopLoss({ orderQty: sol(2) }))
  const filled = (): Story => {
    const s = given(bracket())
    s.does(trigger(1, '99'))
    s.does(signed('1'))
    s.does(landed('1', swap(sol(2), -usdc(198))))
    return s
  }

  it('releases both exits with the entry, on one reservation, and ends one with the other', () => {
    const s = filled()
    assert.deepEqual([order(s, 2).held, order(s, 3).held, held(s), balance(s, 'SOL')], [false, false, [0n, sol(2), 0n], [sol(10), sol(2)]])
    s.does(trigger(3, '89'))
    s.does(signed('3'))
    assert.equal(typesOf(s.does(landed('3', swap(-sol(2), usdc(178))))).at(-1), 'OrderCanceled')
    assert.deepEqual([statusOf(s, 3), statusOf(s, 2), balance(s, 'SOL')], ['Filled', undefined, [sol(10), 0n]])
  })

  it('takes exits that are reduce-only, though there is no position yet: what is signed then is held against it', () => {
    const exits = [profit({ reduceOnly: true }), stopLoss({ orderQty: sol(2), reduceOnly: true })] as const
    const s = given(list('bracket', entry(), ...exits))
    s.does(trigger(1, '99'))
    s.does(signed('1'))
    s.does(landed('1', swap(sol(2), -usdc(198))))
    s.does(place(request({ clOrdId: 'other', side: 'sell', orderQty: sol(1) })))
    s.does(signed('4'))
    s.does(trigger(3, '89'))
    assert.deepEqual(s.does(signed('3')).events, [], 'with what is being sold it would turn the position round')
    s.does(expired('4'))
    assert.deepEqual(typesOf(s.does(signed('3'))), ['TransactionSigned'])
    const reduceOnly = codeOf(funded().does(list('bracket', entry({ reduceOnly: true }), ...exits)))
    assert.equal(reduceOnly, 'limit_breached', 'an entry that does not wait')
  })

  it('ends whole with an entry that brought nothing, also by a mass cancel', () => {
    const s = given(bracket())
    assert.equal(typesOf(s.does({ type: 'CancelOrders', filter: { listId: 'L' } })).length, 3)
    assert.deepEqual([s.state.openOrders, balance(s, 'USDC')], [0, [usdc(1_000), 0n]])
  })

  it('keeps its exits when the entry’s fill vanishes and comes again', () => {
    const s = filled()
    s.does(vanished('1'))
    assert.deepEqual(statusOf(s, 1), 'New')
    s.does(landed('1', swap(sol(2), -usdc(198))))
    assert.deepEqual([statusOf(s, 1), held(s)], ['Filled', [0n, sol(2), 0n]])
  })
})
