import assert from 'node:assert/strict'
import type { AccountCommand, OrderRequest } from '../../../src/commands/account/command.ts'
import { waitingFor } from '../../../src/commands/order/conditions.ts'
import { MAX_FAILED_ATTEMPTS } from '../../../src/commands/order/outcome.ts'
import {
  balance,
  codeOf,
  failed,
  finalized,
  funded,
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
} from './account-story.ts'

const stop = (r: Partial<OrderRequest> = {}): OrderRequest =>
  request({ type: 'stop', side: 'sell', timeInForce: 'gtc', stopPrice: '90', ...r })
const trailing = (r: Partial<OrderRequest> = {}): OrderRequest =>
  request({ type: 'trailing_stop', side: 'sell', timeInForce: 'gtc', trailingOffset: { kind: 'price', value: '5' }, ...r })
const quote = (price: string, time = 1_000, number = 1): AccountCommand => ({ type: 'TriggerOrder', number, trigger: mid(price, time) })
const trail = (price: string, time = 1_000): AccountCommand => ({
  type: 'TrailOrder',
  number: 1,
  quote: mid(price, time),
  tickSize: '0.01',
})
const given = (r: OrderRequest, price = '100'): Story => {
  const s = funded()
  assert.equal(codeOf(s.does(place(r, price, 'unprobed'))), 'order')
  return s
}
const order = (s: Story) => s.state.orders.get(1)!

describe('a stop', () => {
  it('rests until the market has moved against it that far, then goes at once', () => {
    const s = given(stop())
    assert.deepEqual(waitingFor(order(s)), { kind: 'stop', price: '90', when: 'at_or_below' })
    assert.equal(codeOf(s.does(quote('90.01'))), 'ignored')
    assert.deepEqual(typesOf(s.does(quote('89.5'))), ['OrderTriggered'])
    assert.deepEqual([order(s).executable, order(s).triggered, order(s).reference], [true, true, '89.5'])
    assert.equal(codeOf(s.does(quote('89'))), 'ignored', 'a second trigger changes nothing')
  })

  it('buys when the market has risen, holding the worst case at its stop price', () => {
    const s = given(stop({ side: 'buy', stopPrice: '120' }))
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000 - 121.2), usdc(121.2)])
    assert.equal(codeOf(s.does(quote('119.99'))), 'ignored')
    assert.deepEqual(typesOf(s.does(quote('120'))), ['OrderTriggered'])
  })

  it('is triggered by no quote older than 2 s, and by none of no price', () => {
    const s = given(stop())
    assert.equal(codeOf(s.does(quote('80', 1_000), 3_001)), 'ignored')
    assert.equal(codeOf(s.does(quote('0', 3_001), 3_001)), 'ignored')
    assert.deepEqual(typesOf(s.does(quote('80', 1_001), 3_001)), ['OrderTriggered'])
  })

  it('that rests goes back to New after a slippage failure and takes any later quote, 20 times', () => {
    const s = given(stop())
    for (let attempt = 1; attempt <= MAX_FAILED_ATTEMPTS; attempt++) {
      assert.equal(waitingFor(order(s))?.kind, attempt === 1 ? 'stop' : 'market')
      assert.deepEqual(typesOf(s.does(quote(attempt === 1 ? '89' : '95'))), ['OrderTriggered'])
      s.does(signed('1', attempt))
      const outcome = typesOf(s.does(failed('1', 'custom:6001', attempt)))
      assert.deepEqual(outcome, attempt < MAX_FAILED_ATTEMPTS ? ['TransactionFailed'] : ['TransactionFailed', 'OrderCanceled'])
      if (attempt < MAX_FAILED_ATTEMPTS) s.does(finalized('1', attempt))
    }
    assert.deepEqual([order(s).text, balance(s, 'SOL')], ['TOO_MANY_ATTEMPTS', [sol(10), 0n]])
  })

  it('that is ioc rests as well, and ends with its one attempt', () => {
    const s = given(stop({ timeInForce: 'ioc' }))
    assert.equal(order(s).executable, false)
    assert.equal(codeOf(s.does(signed('1'))), 'ignored', 'not before its stop')
    s.does(quote('89'))
    s.does(signed('1'))
    s.does(failed('1'))
    assert.deepEqual([order(s).ordStatus, order(s).text], ['Canceled', 'SLIPPAGE'])
  })

  it('with a limit becomes that limit, which may be met later or by the same quote', () => {
    const s = given(stop({ type: 'stop_limit', price: '88' }))
    const first = s.does(quote('87'))
    assert.deepEqual(
      first.events.map((e) => e.type === 'OrderTriggered' && e.data.condition),
      ['stop'],
    )
    assert.deepEqual([order(s).executable, waitingFor(order(s))], [false, { kind: 'limit', price: '88', when: 'at_or_above' }])
    assert.deepEqual(typesOf(s.does(quote('88.5'))), ['OrderTriggered'])
    assert.equal(order(s).executable, true)

    const both = given(stop({ type: 'stop_limit', price: '88' }))
    assert.deepEqual(typesOf(both.does(quote('89'))), ['OrderTriggered', 'OrderTriggered'])
    assert.equal(order(both).executable, true)
  })

  it('by cash holds the cash of a buy, and what the cash of a sell may cost at its stop', () => {
    assert.deepEqual(balance(given(stop({ side: 'buy', orderQty: null, cashOrderQty: usdc(50) })), 'USDC'), [usdc(950), usdc(50)])
    assert.deepEqual(balance(given(stop({ orderQty: null, cashOrderQty: usdc(90) })), 'SOL'), [sol(8.99), sol(1.01)])
  })
})

describe('a trailing stop', () => {
  it('starts its offset behind the market, and needs a price for it', () => {
    const s = given(trailing())
    assert.deepEqual([order(s).peak, order(s).stopPrice], ['100', '95'])
    const bps = given(trailing({ side: 'buy', trailingOffset: { kind: 'bps', value: 150 } }))
    assert.deepEqual([order(bps).stopPrice, balance(bps, 'USDC')[1]], ['101.5', usdc(102.515)])
    const blind = funded().does({ ...(place(trailing()) as Extract<AccountCommand, { type: 'PlaceOrder' }>), reference: undefined })
    assert.deepEqual([codeOf(blind), blind.events.length], ['not_ready', 0])
  })

  it('follows the market one way, by steps of at least a tick and 5 bps', () => {
    const s = given(trailing())
    assert.equal(codeOf(s.does(trail('99'))), 'ignored')
    assert.equal(codeOf(s.does(trail('100.04'))), 'ignored')
    assert.deepEqual(typesOf(s.does(trail('100.05'))), ['OrderTrailed'])
    assert.deepEqual([order(s).peak, order(s).stopPrice], ['100.05', '95.05'])
    assert.equal(codeOf(s.does(trail('120', 1_000), 3_001)), 'ignored', 'too old')
    s.does(trail('110'))
    assert.equal(codeOf(s.does(quote('105.01'))), 'ignored')
    assert.deepEqual(typesOf(s.does(quote('105'))), ['OrderTriggered'])
    assert.equal(codeOf(s.does(trail('130'))), 'ignored', 'a triggered one trails no more')
  })

  it('of a buy follows the market down', () => {
    const s = given(trailing({ side: 'buy' }))
    assert.equal(codeOf(s.does(trail('101'))), 'ignored')
    s.does(trail('90'))
    assert.deepEqual([order(s).stopPrice, waitingFor(order(s))?.kind], ['95', 'trailing'])
    assert.deepEqual(typesOf(s.does(quote('95'))), ['OrderTriggered'])
  })
})

describe('an order with a deadline', () => {
  const HOUR = 3_600_000
  it('is Expired by the timer, not before, and gives its funds back', () => {
    const s = given(limit({ timeInForce: 'gtd', expireAt: HOUR }))
    assert.equal(codeOf(s.does({ type: 'ExpireOrder', number: 1 }, HOUR - 1)), 'ignored')
    assert.deepEqual(typesOf(s.does({ type: 'ExpireOrder', number: 1 }, HOUR)), ['OrderExpired'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
    assert.equal(codeOf(s.does({ type: 'ExpireOrder', number: 1 }, HOUR)), 'ignored')
  })

  it('of a day is the next midnight UTC', () => {
    const s = funded()
    s.does(place(limit({ timeInForce: 'day' })), 23 * HOUR)
    assert.equal(order(s).expireAt, 24 * HOUR)
    s.does(place(limit({ timeInForce: 'day', clOrdId: 'c-2' })), 24 * HOUR)
    assert.equal(s.state.orders.get(2)?.expireAt, 48 * HOUR)
  })

  it('waits for its open attempt: Expired when that brings nothing or a part, Filled when it brings all', () => {
    const open = (): Story => {
      const s = given(limit({ timeInForce: 'gtd', expireAt: HOUR }))
      s.does(quote('99'))
      s.does(signed('1'))
      assert.deepEqual(typesOf(s.does({ type: 'ExpireOrder', number: 1 }, HOUR)), ['OrderCancelRequested'])
      assert.equal(statusOf(s, 1), 'PendingCancel')
      return s
    }
    const nothing = open()
    assert.deepEqual(typesOf(nothing.does(failed('1'))), ['TransactionFailed', 'OrderExpired'])
    const part = open()
    assert.deepEqual(typesOf(part.does(landed('1', swap(sol(0.5), -usdc(50))))).at(-1), 'OrderExpired')
    assert.deepEqual(balance(part, 'USDC'), [usdc(950), 0n])
    const all = open()
    all.does(landed('1', swap(sol(1), -usdc(100))))
    assert.equal(statusOf(all, 1), 'Filled')
  })

  it('that has passed already is refused and not put on record', () => {
    const s = funded()
    const decision = s.does(place(limit({ timeInForce: 'gtd', expireAt: 500 })), 1_000)
    assert.deepEqual([codeOf(decision), decision.events.length], ['invalid_request', 0])
  })
})

describe('a post-only order', () => {
  it('is refused when it meets the market at once, and rests otherwise', () => {
    const s = funded()
    assert.equal(codeOf(s.does(place(limit({ clOrdId: 'a', postOnly: true, price: '100' }), '100'))), 'limit_breached')
    assert.equal(codeOf(s.does(place(limit({ clOrdId: 'b', postOnly: true, price: '99.99' }), '100'))), 'order')
    assert.equal(codeOf(s.does(place(limit({ clOrdId: 'c', postOnly: true, side: 'sell', price: '99' }), '100'))), 'limit_breached')
    assert.equal(codeOf(s.does(place(limit({ clOrdId: 'd', postOnly: true, side: 'sell', price: '101' }), '100'))), 'order')
  })
})

describe('the dead-man switch', () => {
  const arm = (timeoutMs: number): AccountCommand => ({ type: 'ArmDeadMan', timeoutMs })
  it('cancels every open order at its deadline, then stays off', () => {
    const s = funded()
    s.does(place(limit({ clOrdId: 'a' })))
    s.does(place(limit({ clOrdId: 'b', price: '90' })))
    s.does(quote('99'))
    s.does(signed('1'))
    const armed = s.does(arm(5_000))
    assert.deepEqual(armed.answer, { kind: 'dead_man', deadline: 6_000 })
    assert.equal(codeOf(s.does({ type: 'FireDeadMan' }, 5_999)), 'ignored')
    assert.deepEqual(typesOf(s.does({ type: 'FireDeadMan' }, 6_000)), ['DeadManFired', 'OrderCancelRequested', 'OrderCanceled'])
    assert.equal(codeOf(s.does({ type: 'FireDeadMan' }, 9_000)), 'ignored')
    assert.deepEqual(typesOf(s.does(failed('1'))).at(-1), 'OrderCanceled')
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
    assert.equal(s.state.deadMan, undefined)
  })

  it('is moved by arming it again, and taken off by 0', () => {
    const s = funded()
    s.does(arm(5_000))
    s.does(arm(5_000), 4_000)
    assert.equal(codeOf(s.does({ type: 'FireDeadMan' }, 6_000)), 'ignored')
    assert.deepEqual(typesOf(s.does(arm(0), 6_000)), ['DeadManDisarmed'])
    assert.deepEqual(typesOf(s.does(arm(0), 6_000)), [])
    assert.equal(codeOf(s.does({ type: 'FireDeadMan' }, 99_000)), 'ignored')
  })
})

describe('the terms of an order', () => {
  it('make a repetition or a conflict, the rare ones included', () => {
    const s = given(stop())
    assert.equal(codeOf(s.does(place(stop()))), 'repeated')
    for (const other of [{ stopPrice: '91' }, { reduceOnly: true }, { strategyId: 's' }, { timeInForce: 'gtd', expireAt: 9_999 }] as const)
      assert.equal(codeOf(s.does(place(stop(other)))), 'duplicate_cl_ord_id')
  })
})
