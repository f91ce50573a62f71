import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { evolveOrder, type OrderChange } from '../../../src/commands/order/evolve.ts'
import type { OrderState } from '../../../src/commands/order/order-state.ts'
import { accepted, asksCancel, asksReplace } from './accepted.ts'
import { limit, mid, request, sol, usdc } from './account-story.ts'

type DataOf<T extends OrderChange['type']> = Extract<OrderChange, { type: T }>['data']

/** The fields that the event changes, as they are then: all others stay. */
const changes = (order: OrderState, event: OrderChange): Partial<OrderState> => {
  const next = evolveOrder(order, event)
  const told = Object.entries(next).filter(([field, value]) => !isDeepStrictEqual(value, order[field as keyof OrderState]))
  assert.deepEqual(Object.keys(next).sort(), Object.keys(order).sort())
  return Object.fromEntries(told)
}
const amount = (asset: string, units: bigint) => ({ asset, amount: units.toString() })
const usdcHeld = (units: bigint) => ({ reserved: { asset: 'USDC', amount: units } })
const stop = (change: Partial<OrderState> = {}) =>
  accepted(request({ type: 'stop', timeInForce: 'gtc', stopPrice: '90', side: 'sell' }), change)
const of = { orderId: 'acct.1', at: 9 }

describe('a trigger in the fold', () => {
  const triggered = (condition: DataOf<'OrderTriggered'>['condition']): OrderChange => ({
    type: 'OrderTriggered',
    data: { ...of, condition, trigger: mid('89') },
  })
  it('of a stop makes it a market order that goes at once', () => {
    assert.deepEqual(changes(stop(), triggered('stop')), { triggered: true, executable: true, reference: '89' })
  })
  it('of a stop with a limit makes it a limit order, which goes at once only if it never rests', () => {
    const stopLimit = stop({ type: 'stop_limit', price: '88' })
    assert.deepEqual(changes(stopLimit, triggered('stop')), { triggered: true, reference: '89' })
    assert.deepEqual(changes({ ...stopLimit, timeInForce: 'ioc' }, triggered('stop')), {
      triggered: true,
      executable: true,
      reference: '89',
    })
  })
  it('of a limit or a fresh price lets the order go', () => {
    assert.deepEqual(changes(accepted(limit()), triggered('limit')), { executable: true, reference: '89' })
    assert.deepEqual(changes(stop({ triggered: true }), triggered('market')), { executable: true, reference: '89' })
  })
  it('moves a trailing stop with its peak', () => {
    const trailing = stop({ type: 'trailing_stop', peak: '100', stopPrice: '95' })
    const moved: OrderChange = { type: 'OrderTrailed', data: { ...of, peak: '101', stopPrice: '96', citation: mid('101') } }
    assert.deepEqual(changes(trailing, moved), { peak: '101', stopPrice: '96' })
  })
})

describe('a request in the fold', () => {
  let order: OrderState
  before(() => {
    order = accepted(limit())
  })
  const none = { orderQty: null, cashOrderQty: null, price: null, stopPrice: null }
  it('to cancel is pending, by its text or its ClOrdID', () => {
    const asked = (clOrdId: string | null): OrderChange => ({ type: 'OrderCancelRequested', data: { ...of, clOrdId, text: 'WHY' } })
    assert.deepEqual(changes(order, asked(null)), { ordStatus: 'PendingCancel', cancelText: 'WHY' })
    const waits = { ...order, requests: [asksReplace('r', 1n)] }
    assert.deepEqual(changes(waits, asked('c')), { ordStatus: 'PendingCancel', requests: [asksReplace('r', 1n), asksCancel('c')] })
  })
  it('to replace is pending with its terms in base units, behind a cancel where one is', () => {
    const asked = (change: Partial<DataOf<'OrderReplaceRequested'>['change']>): OrderChange => ({
      type: 'OrderReplaceRequested',
      data: { ...of, clOrdId: 'r', origClOrdId: 'c-1', termsHash: 'h', change: { ...none, ...change } },
    })
    assert.deepEqual(changes(order, asked({ orderQty: '7' })), { ordStatus: 'PendingReplace', requests: [asksReplace('r', 7n)] })
    const terms = { orderQty: null, cashOrderQty: 8n, price: '3', stopPrice: '2' }
    assert.deepEqual(changes(order, asked({ cashOrderQty: '8', price: '3', stopPrice: '2' })).requests, [
      { kind: 'replace', clOrdId: 'r', termsHash: 'h', change: terms },
    ])
    const canceling = { ...order, ordStatus: 'PendingCancel', requests: [asksCancel('c')] } as const
    assert.deepEqual(changes(canceling, asked({ orderQty: '7' })), { requests: [asksCancel('c'), asksReplace('r', 7n)] })
  })
  it('that is refused is gone, and the others still wait', () => {
    const waits: OrderState = { ...order, ordStatus: 'PendingCancel', requests: [asksReplace('r', 1n), asksCancel('c')], cancelText: 'WHY' }
    const refused = (clOrdId: string | null): OrderChange => ({
      type: 'OrderCancelRejected',
      data: { ...of, clOrdId, cxlRejReason: 'TooLateToCancel', text: 'why', ordStatus: 'PendingReplace' },
    })
    assert.deepEqual(changes(waits, refused(null)), { ordStatus: 'PendingReplace', cancelText: null })
    assert.deepEqual(changes(waits, refused('c')), { ordStatus: 'PendingReplace', requests: [asksReplace('r', 1n)] })
    const replace: OrderChange = {
      type: 'OrderReplaceRejected',
      data: {
        ...{ ...of, clOrdId: 'r', origClOrdId: 'c-1', termsHash: 'h', cxlRejReason: 'BrokerOption', code: 'withdrawn', text: 'why' },
        ordStatus: 'PendingCancel',
      },
    }
    assert.deepEqual(changes(waits, replace), { requests: [asksCancel('c')] })
  })
})

describe('new terms in the fold', () => {
  const replaced = (change: Partial<DataOf<'OrderReplaced'>> = {}): OrderChange => ({
    type: 'OrderReplaced',
    data: {
      ...{ ...of, clOrdId: 'r', origClOrdId: 'c-1', termsHash: 'h', orderQty: sol(2).toString(), cashOrderQty: null, price: '50' },
      ...{ stopPrice: '40', reserved: amount('USDC', usdc(7)), ordStatus: 'PartiallyFilled', ...change },
    },
  })
  it('are taken over, with what they hold more or less, and all tries before them', () => {
    const order = accepted(limit(), { requests: [asksReplace('r', 1n), asksCancel('c')], failedAttempts: 3 })
    assert.deepEqual(changes(order, replaced()), {
      ...{ orderQty: sol(2), price: '50', stopPrice: '40', ...usdcHeld(usdc(107)), ordStatus: 'PartiallyFilled', lastClOrdId: 'r' },
      ...{ requests: [asksCancel('c')], failedAttempts: 0 },
    })
    assert.deepEqual(changes(order, replaced({ reserved: amount('USDC', -usdc(7)) })).reserved, { asset: 'USDC', amount: usdc(93) })
    const cash = accepted(request({ orderQty: null, cashOrderQty: usdc(5) }))
    const { orderQty, cashOrderQty } = evolveOrder(cash, replaced({ orderQty: null, cashOrderQty: usdc(6).toString() }))
    assert.deepEqual([orderQty, cashOrderQty], [null, usdc(6)])
  })
  it('let an order go on that is immediate, going and not filled by them', () => {
    const goes = (change: Partial<OrderState>) => evolveOrder(accepted(limit({ timeInForce: 'ioc' }), change), replaced()).executable
    assert.equal(goes({ executable: true }), true)
    assert.equal(goes({ executable: false }), false)
    assert.equal(goes({ executable: true, timeInForce: 'gtc' }), false, 'it waits for a quote that meets them')
    assert.deepEqual([goes({ cumQty: sol(2) - 1n }), goes({ cumQty: sol(2) })], [true, false])
  })
  it('of a leg come with its release', () => {
    const leg = accepted(limit(), { held: true, reserved: { asset: 'USDC', amount: 5n } })
    const released = (orderQty: string | null): OrderChange => ({
      type: 'OrderReleased',
      data: { ...of, orderQty, reserved: amount('USDC', 7n) },
    })
    assert.deepEqual(changes(leg, released('3')), { held: false, orderQty: 3n, ...usdcHeld(12n) })
    assert.deepEqual(changes(leg, released(null)), { held: false, orderQty: null, ...usdcHeld(12n) })
    const moved: OrderChange = { type: 'OrderReservationMoved', data: { ...of, reserved: amount('USDC', -5n) } }
    assert.deepEqual(changes(leg, moved), usdcHeld(0n))
  })
})

describe('the end of an order in the fold', () => {
  const canceled = (clOrdId: string | null): OrderChange => ({
    type: 'OrderCanceled',
    data: { ...of, clOrdId, text: 'WHY', released: amount('USDC', usdc(99)), compensates: null, ordStatus: 'Canceled' },
  })
  it('gives back what it held, and leaves pending what it does not answer', () => {
    const order = accepted(limit(), { executable: true, held: true, cancelText: 'WHY', requests: [asksCancel('c'), asksCancel('d')] })
    const end = { ordStatus: 'Canceled', text: 'WHY', executable: false, held: false, cancelText: null, ...usdcHeld(usdc(1)) }
    assert.deepEqual(changes(order, canceled(null)), end)
    assert.deepEqual(changes(order, canceled('c')), { ...end, requests: [asksCancel('d')] })
  })
  it('by its time is Expired', () => {
    const expired: OrderChange = {
      type: 'OrderExpired',
      data: { ...of, clOrdId: null, text: 'EXPIRED', released: amount('USDC', usdc(100)), compensates: null, ordStatus: 'Expired' },
    }
    assert.deepEqual(changes(accepted(limit()), expired), { ordStatus: 'Expired', text: 'EXPIRED', ...usdcHeld(0n) })
  })
  it('is not yet an attempt that failed or expired: a resting order waits, an immediate one goes on', () => {
    const data = { ref: '1', attempt: 1, signature: 's', at: 9 }
    const failed: OrderChange = {
      type: 'TransactionFailed',
      data: { ...data, generation: 1, slot: 1, fee: '1', priorityFee: '0', error: 'custom:1' },
    }
    const expired: OrderChange = { type: 'TransactionExpired', data: { ...data, proof: [] } }
    const resting = accepted(limit(), { executable: true })
    const immediate = accepted(request())
    assert.deepEqual(changes(resting, failed), { failedAttempts: 1, executable: false })
    assert.deepEqual(changes(immediate, failed), { failedAttempts: 1 })
    assert.deepEqual(changes({ ...immediate, executable: false }, failed), { failedAttempts: 1 })
    assert.deepEqual([changes(resting, expired), changes(immediate, expired)], [{ failedAttempts: 1 }, { failedAttempts: 1 }])
  })
})

describe('a trade in the fold', () => {
  const TERMS = { symbol: 'SOL/USDC', base: 'SOL', quote: 'USDC', baseDecimals: 9, quoteDecimals: 6 }
  const trade = (change: Partial<DataOf<'TradeBooked'>> = {}): OrderChange => ({
    type: 'TradeBooked',
    data: {
      ...{ ...of, ...TERMS, execId: 'x', attempt: 1, generation: 1, signature: 's', side: 'buy', lastQty: sol(0.4).toString() },
      ...{ lastQuote: usdc(30).toString(), released: amount('USDC', usdc(10)), ordStatus: 'PartiallyFilled', ...change },
    },
  })
  const all = { lastQty: sol(1).toString(), ordStatus: 'Filled' } as const
  const part = { ordStatus: 'PartiallyFilled', cumQty: sol(0.4), cumQuote: usdc(30) }

  it('adds up, and spends what was held: the quote of a purchase, the base of a sale', () => {
    assert.deepEqual(changes(accepted(limit()), trade()), { ...part, ...usdcHeld(usdc(60)) })
    const sale = changes(accepted(limit({ side: 'sell' })), trade({ side: 'sell', released: amount('SOL', sol(0.1)) }))
    assert.deepEqual(sale, { ...part, reserved: { asset: 'SOL', amount: sol(0.5) } })
    const more = changes(accepted(limit(), { cumQty: sol(0.1), cumQuote: usdc(8) }), trade())
    assert.deepEqual([more.cumQty, more.cumQuote], [sol(0.5), usdc(38)])
  })
  it('of all of the order ends its execution, and what its late fill had ended is filled', () => {
    const going = accepted(request(), { cancelText: 'WHY', ordStatus: 'PendingCancel', text: 'SLIPPAGE' })
    const { ordStatus, text, executable, cancelText } = evolveOrder(going, trade(all))
    assert.deepEqual([ordStatus, text, executable, cancelText], ['Filled', null, false, null])
  })
  it('of a part lets an immediate order go on and a resting one wait, and answers no cancel', () => {
    const state = (order: OrderState) => {
      const { executable, cancelText, text } = evolveOrder(order, trade())
      return [executable, cancelText, text]
    }
    assert.deepEqual(state(accepted(request(), { cancelText: 'WHY', text: 'SLIPPAGE' })), [true, 'WHY', 'SLIPPAGE'])
    assert.deepEqual(state(accepted(limit(), { executable: true })), [false, null, null])
    assert.deepEqual(state(accepted(request(), { executable: false })), [false, null, null])
  })
  it('that said PartiallyFilled although a request was pending (before version 6) leaves it pending', () => {
    const pending = accepted(limit(), { ordStatus: 'PendingReplace', requests: [asksReplace('r', 1n)] })
    assert.equal(evolveOrder(pending, trade()).ordStatus, 'PendingReplace')
    assert.equal(evolveOrder(pending, trade({ ordStatus: 'PendingCancel' })).ordStatus, 'PendingCancel')
    assert.equal(evolveOrder({ ...pending, requests: [] }, trade()).ordStatus, 'PartiallyFilled')
  })
})

describe('a trade taken back in the fold', () => {
  const busted = (reserved: bigint, ordStatus: OrderState['ordStatus'] | null = null): OrderChange => ({
    type: 'TradeCanceled',
    data: {
      ...{ ...of, execId: 'x.cancel', execRefId: 'x', symbol: 'SOL/USDC', side: 'buy', base: 'SOL', quote: 'USDC', baseDecimals: 9 },
      ...{
        quoteDecimals: 6,
        busted: { qty: sol(0.4).toString(), quote: usdc(30).toString() },
        reserved: amount('USDC', reserved),
        ordStatus,
      },
      compensates: {
        ...{ cause: { type: 'TransactionVanished', ref: '1', attempt: 1 }, command: 'o-c-1', reverses: 'trade' },
        effect: amount('SOL', sol(0.4)),
      },
    },
  })
  const filled = (change: Partial<OrderState> = {}) =>
    accepted(request(), {
      ordStatus: 'Filled',
      cumQty: sol(0.4),
      cumQuote: usdc(30),
      reserved: { asset: 'USDC', amount: 0n },
      executable: false,
      ...change,
    })

  it('subtracts, holds again what it says, and lets an immediate order go on', () => {
    const back = { cumQty: 0n, cumQuote: 0n, ...usdcHeld(usdc(40)) }
    assert.deepEqual(changes(filled(), busted(usdc(40), 'New')), { ...back, ordStatus: 'New', executable: true })
    assert.deepEqual(changes(filled({ timeInForce: 'gtc' }), busted(usdc(40), 'New')), { ...back, ordStatus: 'New' })
  })
  it('leaves an order ended that holds nothing', () => {
    const canceled = filled({ ordStatus: 'Canceled', text: 'IOC_REMAINDER' })
    assert.deepEqual(changes(canceled, busted(0n)), { cumQty: 0n, cumQuote: 0n })
    assert.equal(evolveOrder(filled({ ordStatus: 'PartiallyFilled' }), busted(0n)).executable, true, 'an open one is not ended by it')
  })
  it('of before version 6 opens the order by what is pending and what is left of its trades', () => {
    const status = (change: Partial<OrderState>) => evolveOrder(filled(change), busted(usdc(40))).ordStatus
    assert.equal(status({}), 'New')
    assert.equal(status({ cumQty: sol(0.4) + 1n }), 'PartiallyFilled')
    assert.equal(status({ cumQty: sol(0.5), cancelText: 'WHY' }), 'PendingCancel')
  })
})
