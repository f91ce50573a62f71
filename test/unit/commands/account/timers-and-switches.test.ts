import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import {
  cancel,
  failed,
  finalized,
  funded,
  given,
  limit,
  mid,
  place,
  reasonOf,
  request,
  type Story,
  signed,
  statusOf,
  typesOf,
  usdc,
} from '../account-story.ts'

const gtd = place(limit({ timeInForce: 'gtd', expireAt: 5_000 }))
const trigger: AccountCommand = { type: 'TriggerOrder', number: 1, trigger: mid('90') }
const expire: AccountCommand = { type: 'ExpireOrder', number: 1 }
const fire: AccountCommand = { type: 'FireDeadMan' }

describe('the deadline of an order', () => {
  it('ends it from its millisecond on', () => {
    assert.equal(reasonOf(given(gtd).does(expire, 4_999)), 'the deadline has not come')
    const released = { asset: 'USDC', amount: usdc(100).toString() }
    assert.deepEqual(given(gtd).does(expire, 5_000), {
      events: [
        {
          type: 'OrderExpired',
          data: { orderId: 'acct.1', text: 'EXPIRED', released, compensates: null, ordStatus: 'Expired', clOrdId: null, at: 5_000 },
        },
      ],
      answer: { kind: 'done' },
    })
  })
  it('waits for an attempt that is under way, and is asked for once', () => {
    const s = given(gtd, trigger, signed('1'))
    assert.deepEqual(s.does(expire, 5_000).events, [
      { type: 'OrderCancelRequested', data: { orderId: 'acct.1', clOrdId: null, text: 'EXPIRED', at: 5_000 } },
    ])
    assert.equal(reasonOf(s.does(expire, 5_001)), 'a cancel is pending')
    assert.deepEqual(typesOf(s.does(failed('1'), 5_001)), ['TransactionFailed', 'OrderExpired'])
    assert.equal(reasonOf(s.does(expire, 5_002)), 'the order has ended', 'it stays for its attempt')
  })
  it('is none where the order has none, or has ended', () => {
    assert.equal(reasonOf(given(place(limit())).does(expire, 5_000)), 'the deadline has not come')
    assert.equal(reasonOf(given(gtd, cancel()).does(expire, 5_000)), 'the order has ended')
  })
})

describe('the dead-man switch', () => {
  const arm = (timeoutMs: number): AccountCommand => ({ type: 'ArmDeadMan', timeoutMs })
  it('is armed up to a deadline, armed again, and taken off', () => {
    const s = funded()
    assert.deepEqual(s.does(arm(0)), { events: [], answer: { kind: 'dead_man', deadline: null } })
    assert.deepEqual(s.does(arm(500)), {
      events: [{ type: 'DeadManArmed', data: { timeoutMs: 500, deadline: 1_500, at: 1_000 } }],
      answer: { kind: 'dead_man', deadline: 1_500 },
    })
    s.does(arm(700), 1_100)
    assert.deepEqual(s.state.deadMan, { timeoutMs: 700, deadline: 1_800 })
    assert.deepEqual(s.does(arm(0), 1_200), {
      events: [{ type: 'DeadManDisarmed', data: { at: 1_200 } }],
      answer: { kind: 'dead_man', deadline: null },
    })
    assert.equal(s.state.deadMan, undefined)
  })
  it('ends every open order from its deadline on, once', () => {
    const s = given(place(limit()), place(request({ clOrdId: 'c-2' })), signed('2'), arm(500))
    assert.equal(reasonOf(s.does(fire, 1_499)), 'the deadline has not come')
    const fired = s.does(fire, 1_500)
    assert.deepEqual(fired.events[0], { type: 'DeadManFired', data: { deadline: 1_500, at: 1_500 } })
    assert.deepEqual(
      fired.events.slice(1).map(({ type, data }) => [type, 'text' in data && data.text]),
      [
        ['OrderCanceled', 'DEAD_MAN'],
        ['OrderCancelRequested', 'DEAD_MAN'],
      ],
    )
    assert.equal(reasonOf(s.does(fire, 1_600)), 'the switch is not armed')
    assert.equal(statusOf(s, 2), 'PendingCancel')
  })
})

describe('a mass cancel', () => {
  it('ends what matches, answers how each of them stands, and leaves the rest', () => {
    const s = given(place(limit()), place(limit({ clOrdId: 'c-2', side: 'sell' })), place(request({ clOrdId: 'c-3' })), signed('3'))
    const { events, answer } = s.does({ type: 'CancelOrders', filter: { side: 'buy' } })
    assert.deepEqual(
      events.map(({ type, data }) => [type, 'text' in data && data.text]),
      [
        ['OrderCanceled', 'MASS_CANCEL'],
        ['OrderCancelRequested', 'MASS_CANCEL'],
      ],
    )
    const orders = [
      { orderId: 'acct.1', ordStatus: 'Canceled' },
      { orderId: 'acct.3', ordStatus: 'PendingCancel' },
    ]
    assert.deepEqual(answer, { kind: 'orders', orders })
    assert.equal(statusOf(s, 2), 'New')
  })
  it('names what is pending already, and nothing that has ended', () => {
    const s = given(place(request()), signed('1'), cancel(), place(request({ clOrdId: 'c-2' })), signed('2'), failed('2'))
    assert.deepEqual(s.does({ type: 'CancelOrders', filter: {} }), {
      events: [],
      answer: { kind: 'orders', orders: [{ orderId: 'acct.1', ordStatus: 'PendingCancel' }] },
    })
  })
})

describe('a quote for an order', () => {
  const trail: AccountCommand = { type: 'TrailOrder', number: 1, quote: mid('110'), tickSize: '0.01' }
  const trailing = place(
    request({ type: 'trailing_stop', side: 'sell', timeInForce: 'gtc', trailingOffset: { kind: 'price', value: '5' } }),
  )
  it('finds it, or nothing', () => {
    for (const command of [trigger, trail]) assert.equal(reasonOf(funded().does(command)), 'the order has ended')
    assert.equal(reasonOf(given(place(limit())).does(trail)), 'no step worth recording')
  })
  it('moves a trailing stop, and is cited', () => {
    const s = given(trailing)
    assert.deepEqual(s.does(trail).events, [
      { type: 'OrderTrailed', data: { orderId: 'acct.1', peak: '110', stopPrice: '105', citation: mid('110'), at: 1_000 } },
    ])
    assert.deepEqual([s.state.orders.get(1)?.peak, s.state.orders.get(1)?.stopPrice], ['110', '105'])
  })
  it('triggers and trails nothing whose attempt is open', () => {
    const s = given(place(limit()), trigger, signed('1'), failed('1'), trigger, finalized('1'), signed('1', 2))
    assert.equal(reasonOf(s.does(trigger)), 'already triggered')
    assert.equal(reasonOf(s.does(trail)), 'already triggered')
  })
})

describe('an order that cannot be executed', () => {
  const kill: AccountCommand = { type: 'KillOrder', number: 1, text: 'NO_ROUTE' }
  const killed = (s: Story) => {
    const [event] = s.does(kill).events
    return event?.type === 'OrderCanceled' && [event.data.text, event.data.compensates]
  }
  it('ends with its reason and what that gives back, naming the attempt before it', () => {
    const effect = { asset: 'USDC', amount: usdc(101).toString() }
    const by = (attempt: number | null) => ({
      cause: { type: 'KillOrder', ref: '1', attempt },
      command: 'o-c-1',
      reverses: 'reservation',
      effect,
    })
    assert.deepEqual(killed(given(place(request()))), ['NO_ROUTE', by(null)])
    const s = given(place(request()), signed('1'), { type: 'BookExpired', ref: '1', attempt: 1, signature: 'sig-1-1', proof: [] })
    assert.deepEqual(killed(s), ['NO_ROUTE', by(1)])
  })
  it('is one that is to be executed, with no attempt under way', () => {
    for (const s of [funded(), given(place(limit()))]) assert.equal(reasonOf(s.does(kill)), 'the order is not to be executed')
    assert.equal(reasonOf(given(place(request()), signed('1')).does(kill)), 'an attempt is open')
  })
})

describe('a halt', () => {
  const halt = (state: 'HALTED' | 'REDUCING' = 'HALTED'): AccountCommand => ({
    ...{ type: 'HaltOrder', number: 1, control: { scope: 'global', state, reason: 'r', setBy: undefined } },
  })
  it('asks for the end of an order whose bytes are out, and of no other', () => {
    const s = given(place(request()))
    assert.equal(reasonOf(s.does(halt())), 'no attempt is open')
    assert.equal(reasonOf(s.does({ ...halt(), number: 2 } as AccountCommand)), 'no attempt is open')
    s.does(signed('1'))
    assert.equal(reasonOf(s.does({ type: 'HaltOrder', number: 1 })), 'no halt is in force')
    assert.equal(reasonOf(s.does(halt('REDUCING'))), 'no halt is in force')
    assert.deepEqual(s.does(halt()).events, [
      { type: 'OrderCancelRequested', data: { orderId: 'acct.1', clOrdId: null, text: 'HALTED', at: 1_000 } },
    ])
    assert.equal(reasonOf(s.does(halt())), 'the order has ended, or its cancel is pending')
  })
})
