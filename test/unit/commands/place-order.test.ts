import assert from 'node:assert/strict'
import { MAX_OPEN_ORDERS } from '../../../src/commands/limits/open-orders.ts'
import { REJECTIONS_PER_MINUTE } from '../../../src/commands/limits/rejection-budget.ts'
import {
  balance,
  codeOf,
  expired,
  finalized,
  funded,
  INSTRUMENT,
  landed,
  limit,
  place,
  request,
  signed,
  sol,
  story,
  swap,
  typesOf,
  usdc,
} from './account-story.ts'

const reservedBy = (r: ReturnType<typeof request>, price = '100'): readonly [string, bigint] => {
  const s = funded()
  const [event] = s.does(place(r, price)).events
  assert.equal(event?.type, 'OrderAccepted')
  return [event.data.reserved.asset, BigInt(event.data.reserved.amount)]
}

describe('placing an order', () => {
  it('reserves the worst-case input in the same event', () => {
    const s = funded()
    const decision = s.does(place(limit({ price: '99.5' })))
    assert.deepEqual(typesOf(decision), ['OrderAccepted'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(900.5), usdc(99.5)])
    assert.ok(decision.answer.kind === 'order' && decision.answer.first && decision.answer.order.ordStatus === 'New')
    assert.equal(decision.answer.order.orderId, 'acct.1')
  })

  it('holds as much as each kind of order can cost at worst, rounded up', () => {
    assert.deepEqual(reservedBy(limit({ orderQty: 1n, price: '100' })), ['USDC', 1n]) // 0.0001 micro-USDC, rounded up
    assert.deepEqual(reservedBy(request({ orderQty: sol(1) }), '100'), ['USDC', usdc(101)])
    assert.deepEqual(reservedBy(request({ orderQty: 1_000_001n }), '100'), ['USDC', 101_001n]) // 101,000.101
    assert.deepEqual(reservedBy(request({ orderQty: null, cashOrderQty: usdc(50) })), ['USDC', usdc(50)])
    assert.deepEqual(reservedBy(request({ side: 'sell', orderQty: sol(2) })), ['SOL', sol(2)])
    assert.deepEqual(reservedBy(limit({ side: 'sell', orderQty: sol(2) })), ['SOL', sol(2)])
    assert.deepEqual(reservedBy(request({ side: 'sell', orderQty: null, cashOrderQty: usdc(100) }), '100'), ['SOL', sol(1.01)])
    assert.deepEqual(reservedBy(request({ side: 'sell', orderQty: null, cashOrderQty: 1n }), '300'), ['SOL', 4n]) // 3.3667 lamports
  })

  it('repeats the first answer for the same terms, refuses other ones', () => {
    const s = funded()
    s.does(place(limit()))
    const revision = s.state.revision
    assert.deepEqual(s.does(place(limit())), { events: [], answer: { kind: 'repeated', revision } })
    assert.equal(codeOf(s.does(place(limit({ orderQty: sol(2) })))), 'duplicate_cl_ord_id')
    assert.equal(codeOf(s.does(place(limit({ maxSlippageBps: 5 })))), 'duplicate_cl_ord_id')
  })

  it('knows the clOrdId of an order that has left the fold', () => {
    const s = funded()
    s.does(place(limit()))
    const revision = s.state.revision
    s.does({ type: 'CancelOrder', number: 1 })
    assert.equal(s.state.orders.size, 0)
    assert.deepEqual(s.does(place(limit())).answer, { kind: 'repeated', revision })
    assert.equal(codeOf(s.does(place(limit({ price: '1' })))), 'duplicate_cl_ord_id')
  })

  it('puts a refusal on record with a number, and repeats it without an event', () => {
    const s = funded()
    const poor = limit({ orderQty: sol(1_000) })
    const decision = s.does(place(poor))
    assert.deepEqual(typesOf(decision), ['OrderRejected'])
    assert.ok(decision.answer.kind === 'refused')
    assert.equal(decision.answer.refusal.code, 'insufficient_funds')
    assert.equal(decision.answer.refusal.extra?.orderId, 'acct.1')
    const why = { rule: 'available_funds', limit: '1000000000', value: '100000000000' }
    assert.deepEqual(decision.answer.refusal.extra?.why, why)
    assert.deepEqual(decision.events[0]?.type === 'OrderRejected' && decision.events[0].data.why, why)
    assert.deepEqual(s.does(place(poor)), { events: [], answer: { kind: 'repeated', revision: s.state.revision } })
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
    const next = s.does(place(limit({ clOrdId: 'c-2' })))
    assert.ok(next.answer.kind === 'order' && next.answer.order.orderId === 'acct.2')
  })

  it('looks at limits, then funds, then the route', () => {
    const s = funded()
    assert.equal(codeOf(s.does(place(request({ clOrdId: 'a' }), '100', 'none'))), 'no_route')
    assert.equal(codeOf(s.does(place(request({ clOrdId: 'b', orderQty: sol(100) }), '100', 'none'))), 'insufficient_funds')
  })

  it('has no open order above the limit', () => {
    const s = funded()
    for (let i = 0; i < MAX_OPEN_ORDERS; i++) assert.equal(codeOf(s.does(place(limit({ clOrdId: `n-${i}`, orderQty: 1_000n })))), 'order')
    assert.equal(codeOf(s.does(place(limit({ clOrdId: 'one-more', orderQty: 1_000n })))), 'limit_breached')
    s.does({ type: 'CancelOrder', number: 1 })
    assert.equal(codeOf(s.does(place(limit({ clOrdId: 'room-again', orderQty: 1_000n })))), 'order')
  })

  it('records at most 120 rejections a minute', () => {
    const s = funded()
    const poor = (i: number) => place(limit({ clOrdId: `p-${i}`, orderQty: sol(1_000) }))
    for (let i = 0; i < REJECTIONS_PER_MINUTE; i++) assert.equal(codeOf(s.does(poor(i), 1_000 + i)), 'insufficient_funds')
    const { revision } = s.state
    const beyond = s.does(poor(500), 2_000)
    assert.equal(codeOf(beyond), 'rate_limited')
    assert.ok(beyond.answer.kind === 'refused' && (beyond.answer.refusal.retryAfter ?? 0) > 0)
    assert.equal(s.state.revision, revision)
    assert.equal(codeOf(s.does(place(limit({ clOrdId: 'good' })), 2_000)), 'order', 'an order that is accepted needs no budget')
    assert.equal(codeOf(s.does(poor(501), 61_000)), 'insufficient_funds', 'the oldest has left the window')
    assert.equal(codeOf(s.does(poor(502), 61_000)), 'rate_limited')
  })

  it('appends nothing for a market order without a price, or for an account that does not exist', () => {
    const s = funded()
    const noPrice = s.does({ type: 'PlaceOrder', request: request(), instrument: INSTRUMENT, reference: undefined, route: 'available' })
    assert.deepEqual([codeOf(noPrice), noPrice.events.length], ['not_ready', 0])
    assert.equal(codeOf(story().does(place(limit()))), 'not_found')
  })

  it('never decides before the last event of the stream', () => {
    const s = funded()
    s.does(place(limit()), 9_000)
    const [event] = s.does(place(limit({ clOrdId: 'c-2' })), 5_000).events
    assert.equal(event?.data.at, 9_000)
  })

  it('keeps a closed order until its attempts are final or expired', () => {
    const s = funded()
    s.does(place(request()))
    s.does(signed('1'))
    s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.equal(s.state.orders.size, 1)
    s.does(finalized('1'))
    assert.deepEqual([s.state.orders.size, s.state.attempts.size, s.state.closed.size], [0, 0, 3])

    s.does(place(request({ clOrdId: 'c-2' })))
    s.does(signed('2'))
    s.does({ type: 'CancelOrder', number: 2 })
    s.does(expired('2'))
    assert.equal(s.state.orders.size, 0)
  })
})
