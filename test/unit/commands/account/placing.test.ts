import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { knowsClOrdId } from '../../../../src/commands/account/place-order.ts'
import { REJECTIONS_PER_MINUTE } from '../../../../src/commands/limits/rejection-budget.ts'
import { type OrderRequest, termsHashOf } from '../../../../src/commands/order/order-request.ts'
import { LimitRules } from '../../../../src/events/limit-rules.ts'
import {
  balance,
  cancel,
  charged,
  FEE,
  funded,
  given,
  INSTRUMENT,
  limit,
  mid,
  place,
  refusalOf,
  replace,
  request,
  sol,
  typesOf,
  usdc,
} from '../account-story.ts'

const unpriced = (r: OrderRequest): AccountCommand => ({
  ...{ type: 'PlaceOrder', request: r, instrument: INSTRUMENT, reference: undefined, route: 'available' },
})

describe('an order that is accepted', () => {
  it('is on record whole, and answered as it stands', () => {
    const terms = { ...limit({ strategyId: 's' }), orderQty: sol(1).toString() }
    const instrument = {
      ...{ symbol: 'SOL/USDC', version: 1, base: 'SOL', quote: 'USDC', baseMint: 'MintSOL', quoteMint: 'MintUSDC' },
      ...{ baseDecimals: 9, quoteDecimals: 6 },
    }
    const { symbol: _symbol, ...rest } = terms
    const decision = funded().does(charged(place(limit({ strategyId: 's' }))))
    assert.deepEqual(decision.events, [
      {
        type: 'OrderAccepted',
        data: {
          ...rest,
          ...{ orderId: 'acct.1', number: 1, termsHash: termsHashOf(limit({ strategyId: 's' })), instrument },
          ...{ reserved: { asset: 'USDC', amount: usdc(100).toString() }, reference: null, fee: FEE, at: 1_000 },
        },
      },
    ])
    assert.ok(decision.answer.kind === 'order')
    assert.deepEqual([decision.answer.first, decision.answer.order.orderId, decision.answer.order.ordStatus], [true, 'acct.1', 'New'])
  })
  it('counts: its number, its id, the open orders', () => {
    const s = given(place(limit()))
    assert.deepEqual([s.state.nextOrder, s.state.openOrders, s.state.openByClOrdId.get('c-1')], [2, 1, 1])
    assert.deepEqual([s.state.orders.get(1)?.acceptedRevision, s.state.orders.get(1)?.number], [s.state.revision, 1])
    s.does(cancel())
    assert.deepEqual([s.state.openOrders, s.state.openByClOrdId.has('c-1'), s.state.canceled.has(1)], [0, false, true])
  })
  it('has an id that is known from then on, also as one of its requests', () => {
    const s = given(place(limit()))
    assert.deepEqual([knowsClOrdId(s.state, 'c-1'), knowsClOrdId(s.state, 'c-2')], [true, false])
    s.does(replace(1, 'r', { price: '99' }))
    s.does(cancel())
    assert.deepEqual([knowsClOrdId(s.state, 'c-1'), knowsClOrdId(s.state, 'r')], [true, true])
  })
  it('may cost all that is available, and no unit more', () => {
    assert.deepEqual(typesOf(funded().does(place(limit({ orderQty: sol(10) })))), ['OrderAccepted'])
    const more = funded().does(place(limit({ orderQty: sol(10) + 10_000n })))
    assert.deepEqual(refusalOf(more), {
      ...{ code: 'insufficient_funds', detail: 'available USDC does not cover it' },
      extra: { orderId: 'acct.1', why: { rule: 'available_funds', limit: '1000000000', value: '1000001000' } },
    })
  })
})

describe('an order that is not put on record', () => {
  const cases: readonly (readonly [why: string, before: readonly AccountCommand[], command: AccountCommand, refusal: object])[] = [
    [
      'for want of a price that it needs',
      [],
      unpriced(request()),
      { code: 'not_ready', detail: 'no fresh price for SOL/USDC', retryAfter: 1 },
    ],
    ['for a price of nothing', [], place(request(), '0'), { code: 'not_ready', detail: 'no fresh price for SOL/USDC', retryAfter: 1 }],
    [
      'for its strategy',
      [],
      { ...place(limit({ strategyId: 'none' })), strategyUnknown: true } as AccountCommand,
      {
        ...{ code: 'unknown_strategy', detail: 'no strategy none' },
        extra: { why: { rule: 'strategy', scope: 'strategy:none', value: 'unknown' } },
      },
    ],
    [
      'for other terms than its id had',
      [place(limit())],
      place(limit({ price: '99' })),
      { code: 'duplicate_cl_ord_id', detail: 'c-1 was used for an order with other terms' },
    ],
  ]
  for (const [why, before, command, refusal] of cases)
    it(why, () => {
      const decision = given(...before).does(command)
      assert.deepEqual([refusalOf(decision), decision.events], [refusal, []])
    })
  it('for its deadline: at it or after, not before', () => {
    const gtd = (expireAt: number) => funded().does(place(limit({ timeInForce: 'gtd', expireAt })), 5_000)
    for (const expireAt of [4_999, 5_000])
      assert.deepEqual(refusalOf(gtd(expireAt)), {
        ...{ code: 'invalid_request', detail: 'the body is not valid: expireTime has passed' },
        errors: [{ field: 'expireTime', reason: 'must be in the future' }],
      })
    assert.deepEqual(typesOf(gtd(5_001)), ['OrderAccepted'])
  })
  it('but needs no market price where it has its own', () => {
    assert.deepEqual(typesOf(funded().does(unpriced(limit()))), ['OrderAccepted'])
    const stop = request({ type: 'stop', side: 'sell', timeInForce: 'gtc', stopPrice: '90' })
    assert.deepEqual(typesOf(funded().does(unpriced(stop))), ['OrderAccepted'])
    const buyStop = request({ type: 'stop', timeInForce: 'gtc', stopPrice: '120' })
    const s = given(unpriced(buyStop))
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000 - 121.2), usdc(121.2)])
  })
})

describe('an order that is refused on record', () => {
  it('for want of a route, after its funds were looked at', () => {
    const decision = funded().does(place(request(), '100', 'none'))
    assert.deepEqual(refusalOf(decision), {
      ...{ code: 'no_route', detail: 'no route for SOL/USDC' },
      extra: { orderId: 'acct.1', why: { rule: 'route' } },
    })
    const [event] = decision.events
    assert.ok(event?.type === 'OrderRejected')
    assert.deepEqual(
      [event.data.code, event.data.text, event.data.why, event.data.orderId, event.data.number],
      ['no_route', 'no route for SOL/USDC', { rule: 'route' }, 'acct.1', 1],
    )
  })
  it('for meeting the market although it must not', () => {
    const decision = funded().does(place(limit({ postOnly: true, price: '101' })))
    assert.deepEqual(refusalOf(decision)?.extra?.why, { rule: 'post_only', limit: '101', value: '100' })
  })
  it('for a limit before its funds', () => {
    const rules = LimitRules.parse({ orderNotional: { USDC: '50' } })
    const decision = given({ type: 'SetLimits', strategyId: null, rules }).does(place(limit({ orderQty: sol(99) })))
    assert.equal(decision.events[0]?.type === 'OrderRejected' && decision.events[0].data.why?.rule, 'order_notional')
  })
  it('takes a number, an id and a place among the rejections; beyond the budget nothing', () => {
    const s = funded()
    const poor = (n: number) => place(limit({ clOrdId: `p-${n}`, orderQty: sol(99) }))
    for (let n = 1; n <= REJECTIONS_PER_MINUTE; n++) s.does(poor(n), 1_000)
    assert.deepEqual([s.state.nextOrder, s.state.rejected.size, s.state.rejectedAt.length], [121, 120, 120])
    const beyond = s.does(poor(999), 1_000)
    const detail = 'too many orders of this account were rejected in the last minute'
    assert.deepEqual([refusalOf(beyond), beyond.events], [{ code: 'rate_limited', detail, retryAfter: 60 }, []])
    assert.equal(knowsClOrdId(s.state, 'p-999'), false)
  })
})

describe('an order under wider limits', () => {
  const setBy = { streamId: 'limit-global', revision: '0' }
  const limits = [{ scope: 'global', rules: LimitRules.parse({ openNotional: { USDC: '100' } }), setBy }]
  it('asks for shares only when nothing else is against it', () => {
    const wanting = { ...place(request(), '100', 'none'), limits } as AccountCommand
    assert.equal(refusalOf(funded().does(wanting))?.code, 'no_route')
    const asks = funded().does({ ...place(limit()), limits } as AccountCommand)
    assert.ok(asks.answer.kind === 'needs_shares' && asks.events.length === 0)
  })
  it('is refused on record where no share is left, and no replace has one either', () => {
    const exhausted = [{ scope: 'global', key: 'openNotional USDC', limit: '100', outstanding: '95', setBy }]
    const why = { rule: 'open_notional', scope: 'global', limit: '100', value: '95', setBy }
    const decision = funded().does({ ...place(limit()), limits, exhausted } as AccountCommand)
    assert.deepEqual([refusalOf(decision)?.code, refusalOf(decision)?.extra?.why], ['limit_breached', why])
    const s = given(place(limit()))
    const more = { ...replace(1, 'r', { orderQty: sol(2) }), limits } as AccountCommand
    const needs = [{ scope: 'global', key: 'openNotional USDC', missing: 200n * 10n ** 12n, received: 0n }]
    assert.deepEqual(s.does(more), { events: [], answer: { kind: 'needs_shares', needs } })
    const none = s.does({ ...more, exhausted } as AccountCommand)
    assert.deepEqual([refusalOf(none)?.code, refusalOf(none)?.extra?.why], ['limit_breached', why])
  })
  it('that trails is measured by its first stop', () => {
    const trailing = request({ type: 'trailing_stop', timeInForce: 'gtc', trailingOffset: { kind: 'price', value: '5' } })
    assert.deepEqual(refusalOf(funded().does(unpriced(trailing)))?.code, 'not_ready')
    const s = given({ ...place(trailing), reference: mid('100') } as AccountCommand)
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000 - 106.05), usdc(106.05)])
  })
})
