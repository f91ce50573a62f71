import assert from 'node:assert/strict'
import { type BookedTrade, bustTrade } from '../../../src/commands/order/bust.ts'
import { cancelCommandId, cancelFor, cancelOrder, endOrder, USER_REQUESTED } from '../../../src/commands/order/cancel.ts'
import { conclude } from '../../../src/commands/order/conclude.ts'
import { waitingFor } from '../../../src/commands/order/conditions.ts'
import { instrumentTerms, inTermsOf, type OrderRequest } from '../../../src/commands/order/order-request.ts'
import type { OrderState } from '../../../src/commands/order/order-state.ts'
import type { Bounds } from '../../../src/commands/order/replace.ts'
import { EXPIRED } from '../../../src/commands/order/requests.ts'
import { accepted, asksCancel, asksReplace } from './accepted.ts'
import { FEE, INSTRUMENT, limit, request, sol, usdc } from './account-story.ts'

const AT = 77

describe('a trade that is taken back', () => {
  const trade = (change: Partial<BookedTrade> = {}): BookedTrade => ({
    ...{ execId: 'acct.1.1.1', lastQty: sol(1), lastQuote: usdc(90), released: usdc(11), surplus: 0n, fee: 0n },
    ...{ sold: false, base: 'SOL', quote: 'USDC', ...change },
  })
  const filled = (r: OrderRequest, change: Partial<OrderState> = {}): OrderState =>
    accepted(r, {
      ...{ ordStatus: 'Filled', cumQty: sol(1), cumQuote: usdc(90), reserved: { asset: r.side === 'buy' ? 'USDC' : 'SOL', amount: 0n } },
      ...change,
    })
  const cause = { type: 'TransactionVanished', ref: '1', attempt: 1 }
  const bust = (order: OrderState, change?: Partial<BookedTrade>) => bustTrade(order, trade(change), '1', 1, AT)
  const canceled = (order: OrderState, change?: Partial<BookedTrade>) => {
    const [event] = bust(order, change)
    if (event?.type !== 'TradeCanceled') throw new Error(`not ${event?.type}`)
    return event.data
  }

  it('holds again what the purchase had spent and released, names what it undoes, and gives back what had come in', () => {
    const data = canceled(filled(request()))
    assert.deepEqual([data.execId, data.execRefId], ['acct.1.1.1.cancel', 'acct.1.1.1'])
    assert.deepEqual([data.reserved, data.ordStatus], [{ asset: 'USDC', amount: usdc(101).toString() }, 'New'])
    const effect = { asset: 'SOL', amount: sol(1).toString() }
    assert.deepEqual(data.compensates, { cause, command: 'o-c-1', reverses: 'trade', effect })
    assert.deepEqual(data.busted, { qty: sol(1).toString(), quote: usdc(90).toString() })
  })
  it('of a sale holds the base again, and undoes the quote that had come in', () => {
    const data = canceled(filled(request({ side: 'sell' })), { sold: true, released: 0n })
    assert.deepEqual(data.reserved, { asset: 'SOL', amount: sol(1).toString() })
    assert.deepEqual(data.compensates?.effect, { asset: 'USDC', amount: usdc(90).toString() })
  })
  it('of an order that ended otherwise leaves it ended, with nothing held', () => {
    const data = canceled(filled(request(), { ordStatus: 'Canceled', text: 'IOC_REMAINDER' }))
    assert.deepEqual([data.reserved.amount, data.ordStatus], ['0', 'Canceled'])
  })
  it('holds nothing where more had been given back than was spent', () => {
    assert.equal(canceled(filled(request()), { released: -usdc(91) }).reserved.amount, '0')
    assert.equal(canceled(filled(request()), { released: -usdc(89) }).reserved.amount, usdc(1).toString())
  })
  it('of an order by cash counts the cash', () => {
    const order = filled(request({ orderQty: null, cashOrderQty: usdc(100) }), { cumQty: sol(2), cumQuote: usdc(190) })
    assert.equal(canceled(order).ordStatus, 'Filled', 'another trade still fills it')
    assert.equal(canceled({ ...order, cumQuote: usdc(100) }).ordStatus, 'PartiallyFilled', 'by what is left of the quantity')
  })
  it('takes its fee and its surplus back too', () => {
    const events = bust(filled(request(), { fee: FEE }), { fee: 5n, surplus: 3n })
    assert.deepEqual(
      events.map(({ type }) => type),
      ['TradeCanceled', 'LedgerFeeReversed', 'FundsSurplusCredited'],
    )
    const [, fee, surplus] = events
    assert.deepEqual(fee?.type === 'LedgerFeeReversed' && fee.data.compensates.cause, cause)
    assert.deepEqual(surplus?.type === 'FundsSurplusCredited' && surplus.data.surplus.amount, '-3')
  })
  it('that came late ends the order again instead of opening it', () => {
    const events = bust(filled(request()), { released: -usdc(90) })
    const [trade, end] = events
    assert.equal(trade?.type === 'TradeCanceled' && trade.data.ordStatus, 'Filled', 'at no moment open')
    assert.ok(end?.type === 'OrderCanceled')
    assert.deepEqual([end.data.text, end.data.released.amount], ['TRADE_CANCELED', '0'])
  })
})

describe('a cancel', () => {
  const over = (text: string, ordStatus: OrderState['ordStatus'] = 'Canceled') => accepted(limit(), { text, ordStatus })

  it('of an order that its trader has cancelled is answered again, with a ClOrdID of its own it is too late', () => {
    assert.deepEqual(cancelOrder(over(USER_REQUESTED), false, null, AT), { kind: 'again' })
    assert.deepEqual(cancelOrder(over(USER_REQUESTED), false, 'x', AT), { kind: 'too_late' })
    assert.deepEqual(cancelOrder(over('SLIPPAGE'), false, null, AT), { kind: 'too_late' })
    assert.deepEqual(cancelOrder(over(EXPIRED, 'Expired'), false, null, AT), { kind: 'too_late' })
    assert.equal(cancelCommandId(7), 'c-7')
  })
  it('by the platform leaves alone what has ended and what it has asked for already', () => {
    assert.equal(cancelFor(over('SLIPPAGE'), false, 'HALTED', AT), undefined)
    assert.equal(cancelFor(accepted(limit(), { cancelText: 'HALTED' }), true, 'DEAD_MAN', AT), undefined)
    assert.equal(cancelFor(accepted(limit()), true, 'HALTED', AT)?.type, 'OrderCancelRequested')
    assert.equal(cancelFor(accepted(limit()), false, 'HALTED', AT)?.type, 'OrderCanceled')
  })
  it('answers one request, and leaves the others pending', () => {
    const order = accepted(limit(), { requests: [asksCancel('x'), asksCancel('y')] })
    assert.equal(endOrder(order, USER_REQUESTED, AT, { clOrdId: 'x' }).data.ordStatus, 'PendingCancel')
    assert.equal(endOrder({ ...order, requests: [asksCancel('x')] }, USER_REQUESTED, AT, { clOrdId: 'x' }).data.ordStatus, 'Canceled')
    assert.equal(
      endOrder({ ...order, requests: [asksCancel('x')] }, 'HALTED', AT).data.ordStatus,
      'PendingCancel',
      'it is not that one’s answer',
    )
  })
})

describe('what waited for an attempt', () => {
  const free: Bounds = { available: usdc(1_000), breach: () => undefined }
  const goesOn = { text: undefined }
  const order = (change: Partial<OrderState>) => accepted(limit({ orderQty: sol(1) }), change)

  it('is answered in turn, each replace with the funds that the one before has left', () => {
    const requests = [asksReplace('x', sol(2)), asksReplace('y', sol(3))]
    const events = conclude(order({ requests }), goesOn, { ...free, available: usdc(150) }, AT)
    assert.deepEqual(
      events.map(({ type }) => type),
      ['OrderReplaced', 'OrderReplaceRejected'],
    )
    const refused = events[1]
    assert.equal(refused?.type === 'OrderReplaceRejected' && refused.data.code, 'insufficient_funds')
    const less = conclude(
      order({ requests: [asksReplace('x', sol(0.5)), asksReplace('y', sol(2))] }),
      goesOn,
      { ...free, available: usdc(100) },
      AT,
    )
    assert.deepEqual(
      less.map(({ type }) => type),
      ['OrderReplaced', 'OrderReplaced'],
      'what a smaller order gives back serves the next',
    )
  })
  it('comes too late for an order that was filled, and says that it was', () => {
    const filled = order({ cumQty: sol(1), cumQuote: usdc(100), requests: [asksReplace('x', sol(1)), asksCancel('y')] })
    const events = conclude(filled, goesOn, free, AT)
    const [replace, cancel] = events
    assert.ok(replace?.type === 'OrderReplaceRejected' && cancel?.type === 'OrderCancelRejected')
    assert.deepEqual(
      [replace.data.code, replace.data.cxlRejReason, replace.data.text],
      ['too_late_to_cancel', 'TooLateToCancel', 'the order was filled'],
    )
    assert.equal(cancel.data.text, 'the order was filled')
  })
  it('comes too late for an order that a request before it has ended', () => {
    const events = conclude(order({ requests: [asksCancel('x'), asksReplace('y', sol(2))] }), goesOn, free, AT)
    const [ended, refused] = events
    assert.deepEqual([ended?.type, refused?.type === 'OrderReplaceRejected' && refused.data.text], ['OrderCanceled', 'the order has ended'])
  })
  it('as a plain cancel is refused by a fill, and served before everything else otherwise', () => {
    const [refused] = conclude(order({ cumQty: sol(1), cancelText: USER_REQUESTED, ordStatus: 'PendingCancel' }), goesOn, free, AT)
    assert.ok(refused?.type === 'OrderCancelRejected')
    assert.deepEqual([refused.data.clOrdId, refused.data.cxlRejReason, refused.data.ordStatus], [null, 'TooLateToCancel', 'Filled'])
    const [ended] = conclude(order({ cancelText: 'HALTED', ordStatus: 'PendingCancel' }), { text: 'TOO_MANY_ATTEMPTS' }, free, AT)
    assert.equal(ended?.type === 'OrderCanceled' && ended.data.text, 'HALTED')
  })
})

describe('an order waits for a price', () => {
  let rests: OrderState
  before(() => {
    rests = accepted(limit())
  })
  it('unless it has ended, goes now, is held by its list, or has a request pending', () => {
    assert.deepEqual(waitingFor(rests), { kind: 'limit', price: '100', when: 'at_or_below' })
    for (const change of [
      { ordStatus: 'Canceled' },
      { executable: true },
      { held: true },
      { cancelText: 'x' },
      { requests: [asksCancel('x')] },
    ] as const satisfies readonly Partial<OrderState>[])
      assert.equal(waitingFor({ ...rests, ...change }), undefined)
  })
})

describe('the newest instrument, in the units of an order', () => {
  it('keeps its steps and the order’s decimals', () => {
    const newest = {
      ...INSTRUMENT,
      version: 2,
      tickSize: '0.5',
      base: { ...INSTRUMENT.base, decimals: 8 },
      quote: { ...INSTRUMENT.quote, decimals: 2 },
    }
    const terms = inTermsOf(newest, instrumentTerms(INSTRUMENT))
    assert.deepEqual(terms, { ...INSTRUMENT, version: 2, tickSize: '0.5' })
  })
})
