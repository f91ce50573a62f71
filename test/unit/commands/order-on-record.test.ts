import assert from 'node:assert/strict'
import { openOrder } from '../../../src/commands/order/evolve.ts'
import { isParent, needOf } from '../../../src/commands/order/order-list.ts'
import { instrumentTerms, type OrderRequest } from '../../../src/commands/order/order-request.ts'
import { isFilledBy, isImmediate, leavesCashOf, leavesQtyOf, type OrderState, orderFacts } from '../../../src/commands/order/order-state.ts'
import { acceptOrder, type Placement, rejectOrder } from '../../../src/commands/order/place.ts'
import { hasRequests, isCancelPending, isOver, statusOf, withoutRequest } from '../../../src/commands/order/requests.ts'
import { spentAsset } from '../../../src/commands/order/reservation.ts'
import type { ListPlace, PriceCitation } from '../../../src/events/fields.ts'
import { PLAIN } from '../../../src/events/order-terms.ts'
import { accepted, asksCancel, asksReplace } from './accepted.ts'
import { FEE, INSTRUMENT, limit, mid, request, sol, usdc } from './account-story.ts'

const TERMS = instrumentTerms(INSTRUMENT)
const HELD = { asset: 'USDC', amount: usdc(101) }
const placement = (r: OrderRequest): Placement => ({
  ...{ accountId: 'acct', number: 4, request: r, instrument: INSTRUMENT, termsHash: 'h', fee: FEE, at: 7 },
})
const accept = (r: OrderRequest, reference: PriceCitation | undefined = mid('100')) => acceptOrder(placement(r), HELD, reference).data
const open = (r: OrderRequest) => openOrder(accept(r), 12n)
const place = (kind: ListPlace['kind'], leg: number, waitsFor: number | null = null): ListPlace => ({ listId: 'l', kind, leg, waitsFor })

describe('an acceptance', () => {
  const terms = {
    ...{ ...PLAIN, orderId: 'acct.4', number: 4, clOrdId: 'c-1', termsHash: 'h', side: 'buy', type: 'market', timeInForce: 'ioc' },
    ...{ orderQty: sol(1).toString(), cashOrderQty: null, price: null, maxSlippageBps: 100, instrument: TERMS },
  }
  it('says all terms, what is held, by which price and fee', () => {
    const reserved = { asset: 'USDC', amount: usdc(101).toString() }
    assert.deepEqual(accept(request()), { ...terms, reserved, reference: mid('100'), fee: FEE, at: 7 })
  })
  it('by cash says the cash', () => {
    const { orderQty, cashOrderQty } = accept(request({ orderQty: null, cashOrderQty: usdc(5) }))
    assert.deepEqual([orderQty, cashOrderQty], [null, usdc(5).toString()])
  })
  it('names no price where none was needed, or none was there', () => {
    assert.deepEqual([accept(limit()).reference, accept(request({ type: 'stop', stopPrice: '9' })).reference], [null, null])
    assert.equal(acceptOrder(placement(request()), HELD, undefined).data.reference, null)
  })
  it('refused says the terms and why, and holds nothing', () => {
    const why = { rule: 'available_funds' }
    const refusal = rejectOrder(placement(request()), { code: 'insufficient_funds', text: 'too little', why })
    assert.deepEqual(refusal, {
      type: 'OrderRejected',
      data: { ...terms, code: 'insufficient_funds', text: 'too little', why, at: 7 },
    })
  })
  it('refused leaves a trailing stop without a first price', () => {
    const trailing = request({ type: 'trailing_stop', trailingOffset: { kind: 'price', value: '5' } })
    assert.equal(rejectOrder(placement(trailing), { code: 'halted', text: 'x', why: { rule: 'x' } }).data.stopPrice, null)
    assert.equal(accept(trailing).stopPrice, '105')
  })
})

describe('an accepted order', () => {
  it('is New, with nothing executed', () => {
    assert.deepEqual(open(request()), {
      ...{ ...PLAIN, orderId: 'acct.4', number: 4, clOrdId: 'c-1', termsHash: 'h', side: 'buy', type: 'market', timeInForce: 'ioc' },
      ...{ orderQty: sol(1), cashOrderQty: null, price: null, maxSlippageBps: 100, instrument: TERMS, fee: FEE, ordStatus: 'New' },
      ...{ text: null, cumQty: 0n, cumQuote: 0n, reserved: HELD, peak: null, triggered: false, held: false, executable: true },
      ...{ reference: '100', lastClOrdId: 'c-1', requests: [], cancelText: null, failedAttempts: 0 },
      ...{ acceptedRevision: 12n, acceptedAt: 7 },
    })
    const cash = open(request({ orderQty: null, cashOrderQty: usdc(5) }))
    assert.deepEqual([cash.orderQty, cash.cashOrderQty], [null, usdc(5)])
  })
  it('goes at once when it is immediate, no stop, and waits for no other', () => {
    const goes = (r: Partial<OrderRequest>) => open(request(r)).executable
    assert.deepEqual([goes({}), goes({ timeInForce: 'fok' }), goes({ timeInForce: 'gtc' })], [true, true, false])
    for (const type of ['stop', 'stop_limit'] as const) assert.equal(goes({ type, stopPrice: '9' }), false)
    assert.equal(goes({ type: 'trailing_stop', trailingOffset: { kind: 'bps', value: 5 } }), false)
    assert.deepEqual([goes({ list: place('oto', 0) }), goes({ list: place('oto', 1, 3) })], [true, false])
  })
  it('is held while it waits for another one of its list', () => {
    const held = [open(limit({ list: place('oto', 1, 3) })), open(limit({ list: place('oto', 0) })), open(limit())].map(({ held }) => held)
    assert.deepEqual(held, [true, false, false])
  })
  it('follows the market from its reference, a trailing stop alone', () => {
    const trailing = request({ type: 'trailing_stop', timeInForce: 'gtc', trailingOffset: { kind: 'price', value: '5' } })
    assert.deepEqual([open(trailing).peak, open(limit({ postOnly: true })).peak, open(limit()).reference], ['100', null, null])
    assert.equal(openOrder({ ...accept(trailing), reference: null }, 1n).peak, null)
  })
  it('is immediate as IOC or FOK', () => {
    const immediate = (['ioc', 'fok', 'gtc', 'gtd', 'day'] as const).map((timeInForce) => isImmediate({ timeInForce }))
    assert.deepEqual(immediate, [true, true, false, false, false])
  })
  it('spends the quote to buy and the base to sell', () => {
    assert.deepEqual([spentAsset('buy', TERMS), spentAsset('sell', TERMS)], ['USDC', 'SOL'])
  })
})

describe('what is left of an order', () => {
  const byQty = (cumQty: bigint) => accepted(limit({ orderQty: sol(2) }), { cumQty, cumQuote: usdc(900) })
  const byCash = (cumQuote: bigint) => accepted(request({ orderQty: null, cashOrderQty: usdc(9) }), { cumQuote, cumQty: sol(90) })
  it('is counted in its own measure, and never below zero', () => {
    assert.deepEqual(
      [sol(0.5), sol(2), sol(3)].map((n) => leavesQtyOf(byQty(n))),
      [sol(1.5), 0n, 0n],
    )
    assert.deepEqual(
      [usdc(4), usdc(9), usdc(10)].map((n) => leavesCashOf(byCash(n))),
      [usdc(5), 0n, 0n],
    )
    assert.deepEqual([leavesCashOf(byQty(0n)), leavesQtyOf(byCash(0n))], [null, null])
  })
  it('is nothing at its quantity or its cash, not one unit before', () => {
    const qty = { orderQty: 5n, cashOrderQty: null }
    const cash = { orderQty: null, cashOrderQty: 5n }
    assert.deepEqual([isFilledBy(qty, 4n, 9n), isFilledBy(qty, 5n, 0n), isFilledBy(qty, 6n, 0n)], [false, true, true])
    assert.deepEqual([isFilledBy(cash, 9n, 4n), isFilledBy(cash, 0n, 5n), isFilledBy(cash, 0n, 6n)], [false, true, true])
  })
  it('decides what a released leg needs: by its stop price, else by its reference', () => {
    const buy = accepted(request({ side: 'buy', orderQty: sol(2) }), { cumQty: sol(1), reference: '200' })
    assert.equal(needOf(buy), usdc(202))
    assert.equal(needOf({ ...buy, stopPrice: '300' }), usdc(303))
    assert.equal(needOf({ ...buy, reference: null }), undefined)
    assert.equal(needOf(accepted(request({ orderQty: null, cashOrderQty: usdc(9) }), { cumQuote: usdc(4) })), usdc(5))
    assert.equal(isParent(place('oto', 1)), false)
  })
})

describe('the status of an order', () => {
  let order: OrderState
  before(() => {
    order = accepted(limit({ orderQty: 10n }))
  })
  const status = (change: Partial<OrderState>) => statusOf({ ...order, ...change })
  it('is what is pending, then how it ended, then how far it is executed', () => {
    assert.deepEqual(
      [status({}), status({ cumQty: 1n }), status({ cumQty: 9n }), status({ cumQty: 10n })],
      [...['New', 'PartiallyFilled', 'PartiallyFilled', 'Filled']],
    )
    const ended = { cumQty: 10n, text: 'WHY' }
    assert.deepEqual([status(ended), status({ ...ended, text: 'EXPIRED' })], ['Canceled', 'Expired'])
    const replacing = { ...ended, requests: [asksReplace('r', 1n)] }
    assert.equal(status(replacing), 'PendingReplace')
    assert.equal(status({ ...replacing, requests: [asksReplace('r', 1n), asksCancel('c')] }), 'PendingCancel')
    assert.equal(status({ ...replacing, cancelText: 'WHY' }), 'PendingCancel')
  })
  it('is over with a text or when all is executed', () => {
    assert.deepEqual(
      [{}, { cumQty: 9n }, { cumQty: 10n }, { text: 'WHY' }].map((change) => isOver({ ...order, ...change })),
      [false, false, true, true],
    )
  })
  it('tells a pending cancel from a pending replace', () => {
    const told = [{}, { cancelText: 'WHY' }, { requests: [asksCancel('c')] }, { requests: [asksReplace('r', 1n)] }].map((change) => {
      const one = { ...order, ...change }
      return [isCancelPending(one), hasRequests(one)]
    })
    assert.deepEqual(told, [
      [false, false],
      [true, true],
      [true, true],
      [false, true],
    ])
    assert.deepEqual(withoutRequest({ requests: [asksCancel('c'), asksReplace('r', 1n)] }, 'c'), [asksReplace('r', 1n)])
    assert.deepEqual(withoutRequest({ requests: [] }, 'c'), [])
  })
  it('is told with the facts of its document, its last ClOrdID only after a replace', () => {
    const order = accepted(limit({ strategyId: 's' }), { cumQty: 1n, cumQuote: 2n, text: 'WHY', lastClOrdId: 'r' })
    assert.deepEqual(orderFacts(order, 'acct'), {
      ...{
        ...PLAIN,
        strategyId: 's',
        orderId: 'acct.1',
        accountId: 'acct',
        clOrdId: 'c-1',
        symbol: 'SOL/USDC',
        side: 'buy',
        type: 'limit',
      },
      ...{ timeInForce: 'gtc', ordStatus: 'New', orderQty: sol(1), cashOrderQty: null, cumQty: 1n, cumQuote: 2n, price: '100' },
      ...{ lastClOrdId: 'r', text: 'WHY', baseDecimals: 9, quoteDecimals: 6 },
    })
    assert.equal(orderFacts(accepted(limit()), 'acct').lastClOrdId, null)
  })
})
