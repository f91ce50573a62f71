import assert from 'node:assert/strict'
import { deadlineOf, isStop, waitingFor } from '../../../src/commands/order/conditions.ts'
import type { OrderState } from '../../../src/commands/order/order-state.ts'
import { QUOTE_MAX_AGE_MS, trailOrder, triggerOrder } from '../../../src/commands/order/trigger.ts'
import { accepted, asksReplace } from './accepted.ts'
import { limit, mid, request } from './account-story.ts'

const AT = 5_000
const FRESH = AT - QUOTE_MAX_AGE_MS
const stop = (change: Partial<OrderState> = {}): OrderState =>
  accepted(request({ type: 'stop', timeInForce: 'gtc', side: 'sell', stopPrice: '90' }), change)
const stopLimit = (change: Partial<OrderState> = {}) => stop({ type: 'stop_limit', price: '80', ...change })
const trailing = (change: Partial<OrderState> = {}): OrderState =>
  stop({ type: 'trailing_stop', peak: '100', stopPrice: '95', trailingOffset: { kind: 'price', value: '5' }, ...change })

/** What lets any order alone, whatever the market does. */
const IDLE: readonly (readonly [why: string, change: Partial<OrderState>])[] = [
  ['the order has ended', { ordStatus: 'Canceled' }],
  ['already triggered', { executable: true }],
  ['a request is pending', { cancelText: 'WHY' }],
  ['a request is pending', { requests: [asksReplace('r', 1n)] }],
  ['the order waits for another one of its list', { held: true }],
]

describe('a resting order waits', () => {
  it('for the market to come to its limit', () => {
    assert.deepEqual(waitingFor(accepted(limit())), { kind: 'limit', price: '100', when: 'at_or_below' })
    assert.deepEqual(waitingFor(accepted(limit({ side: 'sell' }))), { kind: 'limit', price: '100', when: 'at_or_above' })
  })
  it('for the market to move against it as far as its stop', () => {
    assert.deepEqual(waitingFor(stop()), { kind: 'stop', price: '90', when: 'at_or_below' })
    assert.deepEqual(waitingFor(stop({ side: 'buy' })), { kind: 'stop', price: '90', when: 'at_or_above' })
    assert.deepEqual(waitingFor(trailing()), { kind: 'trailing', price: '95', when: 'at_or_below', peak: '100' })
  })
  it('once its stop is met, for its limit or for any fresh price', () => {
    assert.deepEqual(waitingFor(stopLimit({ triggered: true })), { kind: 'limit', price: '80', when: 'at_or_above' })
    for (const order of [stop({ triggered: true }), trailing({ triggered: true })]) assert.deepEqual(waitingFor(order), { kind: 'market' })
  })
  it('until its own deadline, if it has not ended before', () => {
    const day = accepted(limit({ timeInForce: 'gtd', expireAt: 9_000 }))
    assert.deepEqual(
      [deadlineOf(day), deadlineOf({ ...day, ordStatus: 'PendingCancel' }), deadlineOf(accepted(limit()))],
      [9_000, 9_000, null],
    )
    assert.equal(deadlineOf({ ...day, ordStatus: 'Filled' }), null)
  })
  it('by its type: three of the five are stops', () => {
    const types = (['market', 'limit', 'stop', 'stop_limit', 'trailing_stop'] as const).map((type) => isStop({ type }))
    assert.deepEqual(types, [false, false, true, true, true])
  })
})

describe('a quote that meets the condition', () => {
  const met = (order: OrderState, price: string) => {
    const events = triggerOrder(order, false, mid(price, FRESH), AT)
    if (typeof events === 'string') return events
    return events.map(({ type, data }) => {
      assert.equal(type, 'OrderTriggered')
      const { condition, ...rest } = data as { condition: string }
      assert.deepEqual(rest, { orderId: 'acct.1', trigger: mid(price, FRESH), at: AT })
      return condition
    })
  }
  it('lets a limit go, at the limit itself', () => {
    assert.deepEqual([met(accepted(limit()), '100'), met(accepted(limit()), '100.01')], [['limit'], 'the quote does not meet the limit'])
  })
  it('triggers a stop, trailing or not', () => {
    assert.deepEqual([met(stop(), '90'), met(stop(), '90.01')], [['stop'], 'the quote does not meet the stop'])
    assert.deepEqual([met(trailing(), '95'), met(trailing(), '95.01')], [['stop'], 'the quote does not meet the stop'])
  })
  it('triggers a stop and its limit together when it meets both', () => {
    assert.deepEqual(
      [met(stopLimit(), '90'), met(stopLimit(), '80'), met(stopLimit(), '79.99')],
      [['stop', 'limit'], ['stop', 'limit'], ['stop']],
    )
  })
  it('lets a triggered stop without a limit go at any price', () => {
    assert.deepEqual(met(stop({ triggered: true }), '500'), ['market'])
  })
  it('decides nothing while the order is not waiting, an attempt is open, or the quote is old', () => {
    for (const [why, change] of IDLE) assert.equal(met(stop(change), '90'), why)
    assert.equal(triggerOrder(stop(), true, mid('90', FRESH), AT), 'an attempt is open')
    assert.equal(triggerOrder(stop(), false, mid('90', FRESH - 1), AT), 'the quote is too old')
  })
})

describe('a quote beyond the peak of a trailing stop', () => {
  const moves = (order: OrderState, price: string, attemptOpen = false, time = FRESH) =>
    trailOrder(order, attemptOpen, { quote: mid(price, time), tickSize: '0.01' }, AT)
  it('moves peak and stop, citing the quote', () => {
    assert.deepEqual(moves(trailing(), '101'), {
      type: 'OrderTrailed',
      data: { orderId: 'acct.1', peak: '101', stopPrice: '96', citation: mid('101', FRESH), at: AT },
    })
  })
  it('moves nothing by less than a step, nor any other order', () => {
    for (const order of [stop({ peak: null }), accepted(limit()), trailing({ triggered: true })])
      assert.equal(moves(order, '500'), 'no step worth recording')
    assert.equal(moves(trailing(), '100.04'), 'no step worth recording')
  })
  it('moves nothing while the order is not waiting, an attempt is open, or the quote is old', () => {
    for (const [why, change] of IDLE) assert.equal(moves(trailing(change), '101'), why)
    assert.equal(moves(trailing(), '101', true), 'an attempt is open')
    assert.equal(moves(trailing(), '101', false, FRESH - 1), 'the quote is too old')
  })
})
