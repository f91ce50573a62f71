import assert from 'node:assert/strict'
import { cancelFor, cancelOrder, endOrder, expireOrder, USER_REQUESTED, wasCanceledByUser } from '../../../src/commands/order/cancel.ts'
import { conclude, rejectRequest } from '../../../src/commands/order/conclude.ts'
import type { OrderState } from '../../../src/commands/order/order-state.ts'
import { applyReplace, type Bounds, changed, rejectReplace, unfitFields } from '../../../src/commands/order/replace.ts'
import type { Change } from '../../../src/commands/order/requests.ts'
import { accepted, asksCancel, asksReplace } from './accepted.ts'
import { limit, request, sol, usdc } from './account-story.ts'

const AT = 77
const NONE: Change = { orderQty: null, cashOrderQty: null, price: null, stopPrice: null }
const bounds = (available = usdc(1_000)): Bounds => ({ available, breach: () => undefined })
/** A resting purchase of 2 SOL at 100, with 200 USDC held. */
const buy = (change: Partial<OrderState> = {}) => accepted(limit({ orderQty: sol(2) }), change)
const decide = (order: OrderState, change: Partial<Change>, within = bounds()) =>
  applyReplace(order, { clOrdId: 'r', termsHash: 'h', change: { ...NONE, ...change } }, within, AT)
const more = (order: OrderState, change: Partial<Change>, within?: Bounds): bigint | string => {
  const event = decide(order, change, within)
  return event.type === 'OrderReplaced' ? BigInt(event.data.reserved.amount) : event.data.code
}
const answered = { orderId: 'acct.1', clOrdId: 'r', origClOrdId: 'c-1', termsHash: 'h' }

describe('a replace', () => {
  it('says all terms from now on, and what is held more', () => {
    assert.deepEqual(decide(buy({ requests: [asksReplace('r', sol(3)), asksCancel('c')] }), { orderQty: sol(3), price: '110' }), {
      type: 'OrderReplaced',
      data: {
        ...{
          ...answered,
          orderQty: sol(3).toString(),
          cashOrderQty: null,
          price: '110',
          stopPrice: null,
          ordStatus: 'PendingCancel',
          at: AT,
        },
        reserved: { asset: 'USDC', amount: usdc(130).toString() },
      },
    })
    const cash = accepted(request({ timeInForce: 'gtc', orderQty: null, cashOrderQty: usdc(50) }))
    const event = decide(cash, { cashOrderQty: usdc(60) })
    assert.ok(event.type === 'OrderReplaced')
    assert.deepEqual([event.data.orderQty, event.data.cashOrderQty, event.data.ordStatus], [null, usdc(60).toString(), 'New'])
  })
  it('is covered by exactly what is available, not by a unit less', () => {
    assert.equal(more(buy(), { orderQty: sol(3) }, bounds(usdc(100))), usdc(100))
    assert.equal(more(buy(), { orderQty: sol(3) }, bounds(usdc(100) - 1n)), 'insufficient_funds')
  })
  it('that holds no more than before needs nothing available', () => {
    assert.equal(more(buy(), { orderQty: sol(2) }, bounds(-1n)), 0n)
    assert.equal(more(buy(), { orderQty: sol(1) }, bounds(-1n)), -usdc(100))
  })
  it('is refused by a limit before the funds are looked at, with its reason', () => {
    const why = { rule: 'max_notional', limit: '1', value: '2' }
    const seen: unknown[] = []
    const breach: Bounds['breach'] = ({ before, next }) => {
      seen.push([before.orderQty, next.orderQty])
      return { text: 'too much', why }
    }
    assert.deepEqual(decide(buy(), { orderQty: sol(99) }, { available: 0n, breach }), {
      type: 'OrderReplaceRejected',
      data: { ...answered, cxlRejReason: 'BrokerOption', code: 'limit_breached', text: 'too much', ordStatus: 'New', at: AT, why },
    })
    assert.deepEqual(seen, [[sol(2), sol(99)]])
  })
  it('of an order without a price to reserve by is refused', () => {
    const blind = accepted(request({ timeInForce: 'gtc' }), { reference: null })
    const event = decide(blind, { orderQty: sol(3) })
    assert.ok(event.type === 'OrderReplaceRejected')
    assert.deepEqual([event.data.cxlRejReason, event.data.code], ['BrokerOption', 'limit_breached'])
  })
  it('for lack of funds says so', () => {
    const event = decide(buy(), { orderQty: sol(99) }, bounds(0n))
    assert.ok(event.type === 'OrderReplaceRejected')
    assert.deepEqual([event.data.cxlRejReason, event.data.code, 'why' in event.data], ['BrokerOption', 'insufficient_funds', false])
  })
  it('of an order that is over comes too late, whatever it asks', () => {
    for (const over of [buy({ text: 'SLIPPAGE', ordStatus: 'Canceled' }), buy({ cumQty: sol(2) })]) {
      const event = decide(over, { orderQty: sol(3) })
      assert.ok(event.type === 'OrderReplaceRejected')
      assert.deepEqual([event.data.cxlRejReason, event.data.code], ['TooLateToCancel', 'too_late_to_cancel'])
    }
  })
  it('holds nothing for a leg that waits, and nothing for an order that it fills', () => {
    assert.equal(more(buy({ held: true, reserved: { asset: 'USDC', amount: 0n } }), { orderQty: sol(50) }), 0n)
    const part = buy({ cumQty: sol(1), cumQuote: usdc(90), reserved: { asset: 'USDC', amount: usdc(100) } })
    assert.equal(more(part, { orderQty: sol(1) }), -usdc(100))
  })
  it('measures a stop by its stop price until it is triggered, then by the market that met it', () => {
    const stop = accepted(request({ type: 'stop', timeInForce: 'gtc', stopPrice: '200' }), { reference: '300' })
    assert.equal(stop.reserved.amount, usdc(202))
    assert.equal(more(stop, { orderQty: sol(2) }), usdc(202))
    assert.equal(more(stop, { stopPrice: '210' }), usdc(10.1))
    assert.equal(more({ ...stop, triggered: true }, { orderQty: sol(2) }), usdc(404))
    const market = accepted(request({ timeInForce: 'gtc' }), { stopPrice: '500' })
    assert.equal(more(market, { orderQty: sol(2) }), usdc(101), 'no stop: by the market')
  })
})

describe('the terms that a change makes', () => {
  it('are the old ones where it says nothing, and quantities never below what has traded', () => {
    const order = buy({ cumQty: sol(1), cumQuote: usdc(90), stopPrice: '7' })
    assert.deepEqual(changed(order, NONE), order)
    assert.deepEqual(changed(order, { ...NONE, price: '5', stopPrice: '6' }), { ...order, price: '5', stopPrice: '6' })
    const qty = (orderQty: bigint) => changed(order, { ...NONE, orderQty }).orderQty
    assert.deepEqual([qty(sol(1) - 1n), qty(sol(1)), qty(sol(1) + 1n)], [sol(1), sol(1), sol(1) + 1n])
    const cash = (cashOrderQty: bigint) => changed(order, { ...NONE, cashOrderQty }).cashOrderQty
    assert.deepEqual([cash(usdc(90) - 1n), cash(usdc(90) + 1n)], [usdc(90), usdc(90) + 1n])
  })
  it('are of fields that the order has, else each is told by its name', () => {
    const every: Change = { orderQty: 1n, cashOrderQty: 1n, price: '1', stopPrice: '1' }
    assert.deepEqual(
      unfitFields(buy(), every).map(({ field }) => field),
      ['cashOrderQty', 'stopPrice'],
    )
    assert.deepEqual(unfitFields(accepted(request()), { ...NONE, price: '1' }), [{ field: 'price', reason: 'a market order has no price' }])
    assert.deepEqual(unfitFields(buy({ triggered: true }), NONE), [])
  })
})

describe('a request that is refused', () => {
  let order: OrderState
  before(() => {
    order = buy({ requests: [asksReplace('r', sol(3)), asksCancel('c')] })
  })
  it('says which, why, and how the order stands without it', () => {
    assert.deepEqual(rejectRequest(order, asksCancel('c'), 'TooLateToCancel', 'why', AT), {
      type: 'OrderCancelRejected',
      data: { orderId: 'acct.1', clOrdId: 'c', cxlRejReason: 'TooLateToCancel', text: 'why', ordStatus: 'PendingReplace', at: AT },
    })
    assert.deepEqual(rejectRequest(order, asksReplace('r', sol(3)), 'TooLateToCancel', 'why', AT), {
      type: 'OrderReplaceRejected',
      data: { ...answered, cxlRejReason: 'TooLateToCancel', code: 'too_late_to_cancel', text: 'why', ordStatus: 'PendingCancel', at: AT },
    })
  })
  it('because its trader took it back is withdrawn', () => {
    const event = rejectRequest(order, asksReplace('r', sol(3)), 'BrokerOption', 'why', AT)
    assert.equal(event.type === 'OrderReplaceRejected' && event.data.code, 'withdrawn')
  })
  it('names the rule where one refused it', () => {
    const reason = { reason: 'BrokerOption', code: 'halted', text: 'why' } as const
    assert.deepEqual(rejectReplace(order, { clOrdId: 'r', termsHash: 'h' }, { ...reason, why: { rule: 'x' } }, AT).data.why, { rule: 'x' })
    assert.equal('why' in rejectReplace(order, { clOrdId: 'r', termsHash: 'h' }, reason, AT).data, false)
  })
})

describe('the end of an order', () => {
  it('gives back all that it holds, also where that is nothing', () => {
    const data = { orderId: 'acct.1', clOrdId: null, text: 'WHY', compensates: null, ordStatus: 'Canceled', at: AT }
    const released = (units: bigint) => ({ asset: 'USDC', amount: units.toString() })
    assert.deepEqual(endOrder(buy(), 'WHY', AT), { type: 'OrderCanceled', data: { ...data, released: released(usdc(200)) } })
    const less = buy({ reserved: { asset: 'USDC', amount: 0n } })
    assert.deepEqual(endOrder(less, 'WHY', AT), { type: 'OrderCanceled', data: { ...data, released: released(0n) } })
  })
  it('by a transaction is a compensation', () => {
    const cause = { type: 'TransactionFailed', ref: '1', attempt: 1 }
    const effect = { asset: 'USDC', amount: usdc(200).toString() }
    assert.deepEqual(endOrder(buy(), 'WHY', AT, { cause }).data.compensates, { cause, command: 'o-c-1', reverses: 'reservation', effect })
  })
  it('by its time is an expiry, now or with its open attempt', () => {
    const end = expireOrder(buy({ cancelText: null }), false, AT)
    assert.ok(end?.type === 'OrderExpired')
    assert.deepEqual([end.data.ordStatus, end.data.text, end.data.clOrdId], ['Expired', 'EXPIRED', null])
    assert.deepEqual(expireOrder(buy(), true, AT), {
      type: 'OrderCancelRequested',
      data: { orderId: 'acct.1', clOrdId: null, text: 'EXPIRED', at: AT },
    })
  })
  it('leaves pending what waits on it, and no plain cancel', () => {
    assert.equal(endOrder(buy({ cancelText: 'WHY' }), 'WHY', AT).data.ordStatus, 'Canceled')
    assert.equal(endOrder(buy({ requests: [asksReplace('r', 1n)] }), 'WHY', AT).data.ordStatus, 'PendingReplace')
  })
})

describe('a trader’s cancel', () => {
  it('is an end or a request, with its ClOrdID', () => {
    const now = cancelOrder(buy(), false, 'x', AT)
    assert.ok(now.kind === 'cancel' && now.event.type === 'OrderCanceled')
    assert.deepEqual([now.event.data.clOrdId, now.event.data.text], ['x', USER_REQUESTED])
    const waits = cancelOrder(buy(), true, 'x', AT)
    assert.deepEqual(waits, {
      kind: 'cancel',
      event: { type: 'OrderCancelRequested', data: { orderId: 'acct.1', clOrdId: 'x', text: USER_REQUESTED, at: AT } },
    })
  })
  it('while one is pending is answered again, or refused where it has a ClOrdID of its own', () => {
    for (const pending of [buy({ cancelText: 'HALTED' }), buy({ requests: [asksCancel('c')] })])
      assert.deepEqual(
        [cancelOrder(pending, true, null, AT), cancelOrder(pending, true, 'x', AT)],
        [{ kind: 'again' }, { kind: 'pending' }],
      )
    assert.equal(cancelOrder(buy({ requests: [asksReplace('r', 1n)] }), true, null, AT).kind, 'cancel', 'a replace is none')
  })
  it('is told from every other end', () => {
    const by = (ordStatus: OrderState['ordStatus'], text: string | null) => wasCanceledByUser(buy({ ordStatus, text }))
    assert.deepEqual(
      [by('Canceled', USER_REQUESTED), by('Canceled', 'SLIPPAGE'), by('PendingReplace', USER_REQUESTED)],
      [true, false, false],
    )
  })
  it('of the platform leaves alone an order whose trader’s plain cancel is pending', () => {
    assert.equal(cancelFor(buy({ cancelText: USER_REQUESTED }), true, 'HALTED', AT), undefined)
    assert.equal(cancelFor(buy({ requests: [asksCancel('c')] }), true, 'HALTED', AT)?.type, 'OrderCancelRequested')
  })
})

describe('an attempt’s end', () => {
  const cause = { type: 'TransactionFailed', ref: '1', attempt: 1 }
  const types = (order: OrderState, text: string | undefined) => conclude(order, { text, cause }, bounds(), AT).map(({ type }) => type)
  it('brings nothing where nothing is due', () => {
    assert.deepEqual([types(buy(), undefined), types(buy({ cumQty: sol(2) }), 'SLIPPAGE')], [[], []])
  })
  it('ends the order with its cause, a pending expiry before its own text', () => {
    const [end, ...none] = conclude(buy(), { text: 'SLIPPAGE', cause }, bounds(), AT)
    assert.ok(end?.type === 'OrderCanceled' && none.length === 0)
    assert.deepEqual([end.data.text, end.data.compensates?.cause], ['SLIPPAGE', cause])
    assert.deepEqual(types(buy({ cancelText: 'EXPIRED' }), 'SLIPPAGE'), ['OrderExpired'])
  })
  it('answers the trader’s cancel with its ClOrdID', () => {
    const [end] = conclude(buy({ requests: [asksCancel('c')] }), { text: undefined }, bounds(), AT)
    assert.ok(end?.type === 'OrderCanceled')
    assert.deepEqual([end.data.clOrdId, end.data.text, end.data.compensates], ['c', USER_REQUESTED, null])
  })
})
