import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { problemOf } from '../../../../src/commands/account/order-requests.ts'
import { REJECTIONS_PER_MINUTE } from '../../../../src/commands/limits/rejection-budget.ts'
import { MAX_PENDING_REQUESTS } from '../../../../src/commands/order/requests.ts'
import { LimitRules } from '../../../../src/events/limit-rules.ts'
import {
  cancel,
  expired,
  finalized,
  given,
  INSTRUMENT,
  landed,
  limit,
  mid,
  place,
  refusalOf,
  replace,
  request,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  usdc,
} from '../account-story.ts'

const trigger: AccountCommand = { type: 'TriggerOrder', number: 1, trigger: mid('90') }
const resting = place(limit({ orderQty: sol(2) }))
const open = [resting, trigger, signed('1')] as const
const filled = [...open, landed('1', swap(sol(2), -usdc(180)))] as const
const gone = [...filled, finalized('1')] as const
const rejects = (code: string, detail: string, cxlRejReason: string, orderId = 'acct.1') => ({
  code,
  detail,
  extra: { orderId, cxlRejReason },
})
const ENDED = rejects('too_late_to_cancel', 'the order has ended', 'TooLateToCancel')
const UNKNOWN = { code: 'not_found', detail: 'no such order', extra: { cxlRejReason: 'UnknownOrder' } }
const PENDING = rejects('too_late_to_cancel', 'a cancel is pending', 'AlreadyPending')

describe('a cancel is refused', () => {
  const cases: readonly (readonly [why: string, before: readonly AccountCommand[], command: AccountCommand, refusal: object])[] = [
    ['of an order that never was', [resting], cancel(2), UNKNOWN],
    ['of number 0', [resting], cancel(0), UNKNOWN],
    ['of one that has left the fold', gone, cancel(), ENDED],
    ['of one that is filled', filled, cancel(), rejects('too_late_to_cancel', 'the order is Filled', 'TooLateToCancel')],
    ['with an id of its own, of one that was cancelled', [resting, cancel()], cancel(1, 'x'), ENDED],
    ['with an id of its own, while one is pending', [...open, cancel(1, 'x')], cancel(1, 'y'), PENDING],
    ['with an id that was used', [resting], cancel(1, 'c-1'), rejects('duplicate_cl_ord_id', 'c-1 was used before', 'DuplicateClOrdID')],
  ]
  for (const [why, before, command, refusal] of cases)
    it(why, () => {
      const decision = given(...before).does(command)
      assert.deepEqual([refusalOf(decision), decision.events], [refusal, []])
    })
})

describe('a cancel that comes again', () => {
  it('is answered by the order: pending, cancelled, or out of the fold', () => {
    for (const [s, command, status] of [
      [given(...open, cancel()), cancel(), 'PendingCancel'],
      [given(...open, cancel(1, 'x')), cancel(1, 'x'), 'PendingCancel'],
      [given(resting, cancel()), cancel(), 'Canceled'],
      [given(resting, cancel(1, 'x')), cancel(1, 'x'), 'Canceled'],
    ] as const) {
      const { events, answer } = s.does(command)
      assert.ok(answer.kind === 'order')
      assert.deepEqual([events, answer.first, answer.order.ordStatus, answer.order.orderId], [[], false, status, 'acct.1'])
    }
  })
  it('of an order that has left the fold otherwise is too late', () => {
    const s = given(...open, cancel(1, 'x'), landed('1', swap(sol(2), -usdc(180))), finalized('1'))
    assert.deepEqual(refusalOf(s.does(cancel(1, 'x'))), ENDED)
  })
})

describe('a replace is refused', () => {
  const pending = (n: number): AccountCommand[] => Array.from({ length: n }, (_, i) => replace(1, `r-${i}`, { orderQty: sol(3) }))
  const more = replace(1, 'more', { orderQty: sol(3) })
  const list: AccountCommand = {
    ...{ type: 'PlaceList', listId: 'L', kind: 'oco', instrument: INSTRUMENT, reference: mid('100') },
    legs: [limit({ clOrdId: 'a' }), limit({ clOrdId: 'b' })],
  }
  const algo = { algoId: 'a', side: 'buy', quantity: sol(2), lotSize: sol(1), price: '100', maxSlippageBps: 1, strategyId: null } as const
  const iceberg: AccountCommand = {
    ...{ type: 'StartAlgo', request: { ...algo, plan: { kind: 'iceberg', displayQty: String(sol(1)) }, instrument: INSTRUMENT } },
  }
  const slice = place(limit({ clOrdId: 'a-0', maxSlippageBps: 1, algo: { algoId: 'a', slice: 0 } }))
  const cases: readonly (readonly [why: string, before: readonly AccountCommand[], command: AccountCommand, refusal: object])[] = [
    ['of an order that never was', [resting], replace(2, 'r', { price: '1' }), UNKNOWN],
    ['of one that has left the fold', gone, more, ENDED],
    ['of one that is filled', filled, more, ENDED],
    ['while a cancel is pending', [...open, cancel(1, 'x')], more, PENDING],
    ['while a plain cancel is pending', [...open, cancel()], more, PENDING],
    [
      'beyond eight that wait',
      [...open, ...pending(MAX_PENDING_REQUESTS)],
      more,
      rejects('limit_breached', 'at most 8 requests wait on one order', 'AlreadyPending'),
    ],
    [
      'of a list’s leg',
      [list],
      more,
      { code: 'invalid_request', detail: 'an order of a list is not replaced: its legs depend on each other' },
    ],
    [
      'of an algo’s slice',
      [iceberg, slice],
      more,
      { code: 'invalid_request', detail: 'an order of an algo is not replaced: the algo decides its size' },
    ],
    [
      'in a field that the order does not have',
      [resting],
      replace(1, 'r', { cashOrderQty: 1n, stopPrice: '1' }),
      {
        ...{ code: 'invalid_request', detail: 'the body is not valid: cashOrderQty the order was given by quantity' },
        errors: [
          { field: 'cashOrderQty', reason: 'the order was given by quantity' },
          { field: 'stopPrice', reason: 'belongs to a stop or stop_limit' },
        ],
      },
    ],
  ]
  for (const [why, before, command, refusal] of cases)
    it(why, () => {
      const decision = given(...before).does(command)
      assert.deepEqual([refusalOf(decision), decision.events], [refusal, []])
    })
  it('but an order beside an algo’s slice may be replaced', () => {
    const s = given(iceberg, slice, place(limit({ clOrdId: 'own', orderQty: sol(2) })))
    assert.deepEqual(typesOf(s.does(replace(2, 'r', { orderQty: sol(1) }))), ['OrderReplaced'])
  })
  it('but eight may wait', () => {
    assert.equal(typesOf(given(...open, ...pending(MAX_PENDING_REQUESTS - 1)).does(more)).length, 1)
  })
})

describe('a replace that is refused on record', () => {
  const more = replace(1, 'r', { orderQty: sol(20) })
  it('says why, by the order as it stands', () => {
    const s = given(resting)
    const detail = 'available USDC does not cover it'
    assert.deepEqual(refusalOf(s.does(more)), {
      code: 'insufficient_funds',
      detail,
      extra: { orderId: 'acct.1', cxlRejReason: 'BrokerOption' },
    })
    assert.equal(statusOf(s, 1), 'New')
  })
  it('says by which rule', () => {
    const s = given(resting, { type: 'SetLimits', strategyId: null, rules: LimitRules.parse({ orderNotional: { USDC: '250' } }) })
    const decision = s.does(replace(1, 'r', { orderQty: sol(3) }))
    const why = refusalOf(decision)?.extra?.why as { rule: string; limit: string; value: string }
    assert.deepEqual([refusalOf(decision)?.code, why.rule, why.limit, why.value], ['limit_breached', 'order_notional', '250', '300'])
    assert.deepEqual(decision.events[0]?.type === 'OrderReplaceRejected' && decision.events[0].data.why, why)
  })
  it('says by which halt', () => {
    const control = { scope: 'global', state: 'HALTED', reason: 'r', setBy: undefined } as const
    const why = { rule: 'control', scope: 'global', value: 'HALTED' }
    assert.deepEqual(refusalOf(given(resting).does({ ...replace(1, 'r', { price: '99' }), control } as AccountCommand)), {
      ...{ code: 'halted', detail: 'global is halted', extra: { orderId: 'acct.1', cxlRejReason: 'BrokerOption', why } },
    })
  })
  it('says by which price', () => {
    const s = given(resting, { type: 'SetLimits', strategyId: null, rules: LimitRules.parse({ priceCollarBps: 500 }) })
    const decision = s.does({ ...replace(1, 'r', { price: '106' }), mark: mid('100') } as AccountCommand)
    const [event] = decision.events
    assert.ok(event?.type === 'OrderReplaceRejected')
    assert.deepEqual(
      [event.data.code, event.data.why?.rule, refusalOf(decision)?.code],
      ['limit_breached', 'price_collar', 'limit_breached'],
    )
  })
  it('counts against the budget of rejections, beyond which nothing is on record', () => {
    const s = given(resting)
    const poor = (n: number) => replace(1, `r-${n}`, { orderQty: sol(20) })
    for (let n = 0; n < REJECTIONS_PER_MINUTE; n++) assert.deepEqual(typesOf(s.does(poor(n))), ['OrderReplaceRejected'])
    const beyond = s.does(poor(999), 2_000)
    const detail = 'too many orders of this account were rejected in the last minute'
    assert.deepEqual([refusalOf(beyond), beyond.events], [{ code: 'rate_limited', detail, retryAfter: 59 }, []])
    assert.deepEqual(typesOf(s.does(poor(999), 61_000)), ['OrderReplaceRejected'])
  })
  it('is answered as too late where it had been withdrawn', () => {
    assert.deepEqual((['withdrawn', 'halted', 'limit_breached', 'insufficient_funds', 'too_late_to_cancel'] as const).map(problemOf), [
      'too_late_to_cancel',
      'halted',
      'limit_breached',
      'insufficient_funds',
      'too_late_to_cancel',
    ])
  })
})

describe('a replace that waits', () => {
  it('is on record with its terms, and with the id of the terms it replaces', () => {
    const s = given(...open)
    const [event] = s.does(replace(1, 'r-1', { orderQty: sol(3), price: '99' })).events
    assert.ok(event?.type === 'OrderReplaceRequested')
    const { termsHash, ...told } = event.data
    assert.match(termsHash, /^[0-9a-f]{32}$/)
    const change = { orderQty: sol(3).toString(), cashOrderQty: null, price: '99', stopPrice: null }
    assert.deepEqual(told, { orderId: 'acct.1', clOrdId: 'r-1', origClOrdId: 'c-1', change, at: 1_000 })
    const byCash = given(place(request({ orderQty: null, cashOrderQty: usdc(50) })), signed('1'))
    const [cash] = byCash.does(replace(1, 'r-2', { cashOrderQty: usdc(60) })).events
    assert.deepEqual(cash?.type === 'OrderReplaceRequested' && cash.data.change, {
      ...{ orderQty: null, cashOrderQty: usdc(60).toString(), price: null, stopPrice: null },
    })
  })
  it('is taken back by its own id alone', () => {
    const s = given(...open, replace(1, 'r-1', { orderQty: sol(3) }), replace(1, 'r-2', { orderQty: sol(4) }))
    const missing = { code: 'not_found', detail: 'no such pending request' }
    for (const [number, clOrdId] of [
      [1, 'r-3'],
      [2, 'r-1'],
    ] as const)
      assert.deepEqual(refusalOf(s.does({ type: 'WithdrawRequest', number, clOrdId })), missing)
    const { events, answer } = s.does({ type: 'WithdrawRequest', number: 1, clOrdId: 'r-1' })
    assert.ok(events[0]?.type === 'OrderReplaceRejected' && answer.kind === 'order')
    assert.deepEqual(
      [events[0].data.clOrdId, events[0].data.code, events[0].data.text, events[0].data.cxlRejReason],
      ['r-1', 'withdrawn', 'WITHDRAWN', 'BrokerOption'],
    )
    assert.deepEqual([answer.first, answer.order.ordStatus, s.state.orders.get(1)?.requests.length], [false, 'PendingReplace', 1])
    const last = s.does({ type: 'WithdrawRequest', number: 1, clOrdId: 'r-2' }).answer
    assert.equal(last.kind === 'order' && last.order.ordStatus, 'New')
    s.does(expired('1'))
    assert.equal(s.state.orders.get(1)?.orderQty, sol(2))
  })
})
