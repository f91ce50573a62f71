import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { decideControl, REQUEST_VALID_MS } from '../../../src/commands/control/decide.ts'
import { exhaustedBreach, missingBreach, needsOf, unspent } from '../../../src/commands/limits/allotments.ts'
import { controlBreach } from '../../../src/commands/limits/control-check.ts'
import { countOrder } from '../../../src/commands/limits/measure.ts'
import { MAX_OPEN_ORDERS, openOrdersBreach } from '../../../src/commands/limits/open-orders.ts'
import { type Control, evolveControl } from '../../../src/events/controls.ts'
import { LimitRules } from '../../../src/events/limit-rules.ts'
import {
  codeOf,
  funded,
  landed,
  limit,
  mid,
  place,
  reasonOf,
  replace,
  request,
  signed,
  sol,
  swap,
  usdc,
  vanished,
} from './account-story.ts'

const ONE = 10n ** 12n
const setBy = { streamId: 'limit-x', revision: '4' }
const own = (rules: Partial<LimitRules>, strategyId: string | null = null): AccountCommand => ({
  ...{ type: 'SetLimits', strategyId, rules: LimitRules.parse(rules) },
})
const wide = (scope: string, rules: Partial<LimitRules>) => ({ scope, rules: LimitRules.parse(rules), setBy })
const order = (rest = {}) => ({
  ...{ side: 'buy' as const, strategyId: null, symbol: 'SOL/USDC', quote: 'USDC', baseDecimals: 9, quoteDecimals: 6 },
  ...{ qty: sol(1), cash: null, price: '100', ...rest },
})
type Story = ReturnType<typeof funded>
type Decision = ReturnType<Story['does']>
const whyOf = ({ answer }: Decision): Record<string, unknown> | string =>
  answer.kind === 'refused' ? (answer.refusal.extra?.why as Record<string, unknown>) : answer.kind
/** Traded at once: base and quote as the wallet changed. */
const trade = (s: Story, number: number, base: bigint, quote: bigint, rest = {}, time = 1_000) => {
  const side = base > 0n ? 'buy' : 'sell'
  s.does(place(request({ clOrdId: `t-${number}`, side, orderQty: base > 0n ? base : -base, ...rest })), time)
  s.does(signed(String(number)), time)
  return s.does(landed(String(number), swap(base, quote)), time)
}

describe('shares of wider limits, scope by scope', () => {
  const s = funded()
  s.does(place(limit({ clOrdId: 'arb', orderQty: sol(1), strategyId: 'arb' })))
  s.does(place(limit({ clOrdId: 'none', orderQty: sol(2) })))
  const total = 500n * ONE
  s.does({ type: 'ReceiveAllotment', scope: 'strategy:arb', key: 'openNotional USDC', total, grant: setBy })
  s.does({ type: 'ReceiveAllotment', scope: 'instrument:JUP/USDC', key: 'openNotional USDC', total, grant: setBy })
  s.does({ type: 'ReceiveAllotment', scope: 'global', key: 'openNotional USDC', total, grant: setBy })
  const left = (scope: string) => unspent(s.state, scope, 'openNotional USDC', 0) / ONE

  it('are used up by the orders of their strategy, or of their instrument, or by all', () => {
    assert.deepEqual([left('strategy:arb'), left('instrument:JUP/USDC'), left('global')], [400n, 500n, 200n])
    assert.equal(left('instrument:SOL/USDC'), 0n, 'what was never received cannot be given back')
    assert.equal(unspent(s.state, 'nonsense', 'openNotional USDC', 0), 0n)
  })
  it('are needed by an order that they are about, and by no other', () => {
    const needs = (scope: string, rest = {}) =>
      needsOf(s.state, [wide(scope, { openNotional: { USDC: '9' } })], countOrder(order(rest)), 0).map(({ missing }) => missing / ONE)
    assert.deepEqual(needs('strategy:arb', { strategyId: 'arb', qty: sol(5) }), [100n])
    assert.deepEqual(needs('strategy:arb', { qty: sol(5) }), [])
    assert.deepEqual(needs('instrument:JUP/USDC', { qty: sol(9) }), [])
    assert.deepEqual(needs('instrument:SOL/USDC'), [400n])
    assert.deepEqual(needs('instrument:SOL/USDC', { qty: 0n }), [], 'what adds nothing needs nothing, though nothing is held')
  })
  it('that were refused elsewhere refuse only the order that needs just these', () => {
    const exhausted = [{ scope: 'global', key: 'openOrders', limit: '5', outstanding: '5', setBy }]
    const need = (scope: string, key: string) => ({ scope, key, missing: ONE, received: 0n })
    assert.equal(exhaustedBreach(exhausted, [need('global', 'ordersPerMinute'), need('strategy:arb', 'openOrders')]), undefined)
    const breach = exhaustedBreach(exhausted, [need('strategy:arb', 'openOrders'), need('global', 'openOrders')])
    assert.deepEqual(breach?.why, { rule: 'open_orders', scope: 'global', limit: '5', value: '5', setBy })
  })
  it('that are missing name the limit they are a share of', () => {
    const sets = [wide('strategy:arb', { openOrders: 3 }), wide('global', { openOrders: 70 })]
    const breach = missingBreach(sets, [{ scope: 'global', key: 'openOrders', missing: ONE, received: 0n }])
    assert.deepEqual(breach?.why, { rule: 'open_orders', scope: 'global', limit: '70', setBy })
    assert.equal(missingBreach(sets, []), undefined)
  })
})

describe('exits', () => {
  const REDUCING = { scope: 'global', state: 'REDUCING' as const, reason: 'r', setBy }
  const under = (rest: object, command = place(request({ clOrdId: 'x', side: 'sell', orderQty: sol(1), ...rest }))) =>
    ({ ...command, control: REDUCING }) as AccountCommand

  it('of a strategy are measured by what that strategy holds, where its control asks', () => {
    const s = funded()
    trade(s, 1, sol(2), -usdc(200), { strategyId: 'arb' })
    const ofStrategy = { ...under({ strategyId: 'arb', clOrdId: 'a' }), control: { ...REDUCING, scope: 'strategy:arb' } } as AccountCommand
    const ofOther = { ...under({ strategyId: 'mm', clOrdId: 'b' }), control: { ...REDUCING, scope: 'strategy:mm' } } as AccountCommand
    assert.deepEqual([codeOf(s.does(ofStrategy)), codeOf(s.does(ofOther))], ['order', 'halted'])
    s.does(vanished('1'))
    assert.equal(s.state.risk.holdings.get('SOL/USDC@arb')?.qty, 0n, 'a bust takes from the strategy what it had given')
  })
  it('have to be exits of both where the account’s position and the strategy’s are to shrink', () => {
    const s = funded()
    trade(s, 1, sol(2), -usdc(200), { strategyId: 'arb' })
    const both = (strategyId: string) => ({ ...REDUCING, also: { ...REDUCING, scope: `strategy:${strategyId}` } })
    const sale = (strategyId: string, clOrdId: string, qty = sol(1)): AccountCommand =>
      place(limit({ side: 'sell', price: '500', orderQty: qty, strategyId, clOrdId }))
    const sold = (strategyId: string, clOrdId: string, qty?: bigint) =>
      s.does({ ...sale(strategyId, clOrdId, qty), control: both(strategyId) } as AccountCommand)
    assert.deepEqual(whyOf(sold('mm', 'a')), { rule: 'control', scope: 'strategy:mm', value: 'REDUCING', setBy })
    assert.equal(codeOf(sold('arb', 'b')), 'order')
    assert.deepEqual(whyOf(sold('arb', 'c', sol(2) + 1n)), { rule: 'control', scope: 'global', value: 'REDUCING', setBy })

    s.does(sale('mm', 'd'))
    const number = s.state.nextOrder - 1
    const grown = { ...replace(number, 'e', { orderQty: sol(1.5) }), control: both('mm') } as AccountCommand
    assert.equal(codeOf(s.does(grown)), 'halted')
    s.does({ type: 'TriggerOrder', number, trigger: mid('500') })
    const bytes = (strategyId: string) =>
      ({ ...signed(String(number)), control: { ...both(strategyId), ageMs: 0, tripMs: 0 } }) as unknown as AccountCommand
    assert.equal(reasonOf(s.does(bytes('mm'))), 'strategy:mm is REDUCING')
  })
  it('count what is being sold already, on their side and in their instrument alone', () => {
    const s = funded()
    trade(s, 1, sol(2), -usdc(200))
    s.does(place(request({ clOrdId: 'buying' })))
    s.does(signed('2'))
    s.does(place(limit({ clOrdId: 'rests', side: 'sell', orderQty: sol(2), price: '500' })))
    assert.equal(codeOf(s.does(under({ clOrdId: 'whole', orderQty: sol(2) }))), 'order', 'neither a purchase nor what rests counts')
    s.does(place(request({ clOrdId: 'half', side: 'sell', orderQty: sol(1) })))
    s.does(signed('5'))
    assert.equal(codeOf(s.does(under({ clOrdId: 'rest' }))), 'order')
    assert.equal(codeOf(s.does(under({ clOrdId: 'more', orderQty: sol(1) + 1n }))), 'halted')
  })
  it('that buy by cash are none: what they buy cannot be told', () => {
    const s = funded()
    trade(s, 1, -sol(2), usdc(200))
    assert.equal(codeOf(s.does(under({ clOrdId: 'qty', side: 'buy', orderQty: sol(2) }))), 'order')
    const cash = under({ clOrdId: 'cash', side: 'buy', orderQty: null, cashOrderQty: usdc(1) })
    assert.equal(codeOf(s.does(cash)), 'halted')
  })
  it('that sell by cash are measured by what they would hold under the new terms of a replace', () => {
    const s = funded()
    trade(s, 1, sol(2), -usdc(200))
    const stop = { type: 'stop', timeInForce: 'gtc', side: 'sell', stopPrice: '100', orderQty: null, maxSlippageBps: 0 } as const
    s.does(place(request({ ...stop, clOrdId: 'small', cashOrderQty: usdc(100) })))
    s.does(place(request({ ...stop, clOrdId: 'large', cashOrderQty: usdc(300) })))
    const reprice = (number: number, cash: bigint, clOrdId: string) =>
      codeOf(s.does({ ...replace(number, clOrdId, { cashOrderQty: cash }), control: REDUCING } as AccountCommand))
    assert.equal(reprice(2, usdc(200) + 1n, 'a'), 'halted', 'more than the position')
    assert.equal(reprice(2, usdc(200), 'b'), 'order')
    assert.equal(reprice(3, usdc(201), 'c'), 'halted')
    assert.equal(reprice(3, usdc(200), 'd'), 'order', 'what was no exit becomes one')
  })
  it('are what a reduce-only order must be, without any control', () => {
    const s = funded()
    const entry = s.does(place(request({ clOrdId: 'entry', reduceOnly: true })))
    assert.deepEqual([codeOf(entry), whyOf(entry)], ['limit_breached', { rule: 'reduce_only' }])
    trade(s, 2, sol(1), -usdc(100))
    assert.equal(codeOf(s.does(place(request({ clOrdId: 'exit', side: 'sell', reduceOnly: true })))), 'order')
    // sold by another order meanwhile: the one that waits would turn the position round
    trade(s, 4, -sol(1), usdc(100))
    assert.deepEqual(s.does(signed('3')).events, [])
  })
})

describe('the loss of a day', () => {
  /** Lost 30 USDC by the strategy, 10 by the account’s own hand. */
  const lost = () => {
    const s = funded()
    trade(s, 1, sol(1), -usdc(100), { strategyId: 'arb' })
    trade(s, 2, -sol(1), usdc(70), { strategyId: 'arb' })
    trade(s, 3, sol(1), -usdc(100))
    trade(s, 4, -sol(1), usdc(90))
    return s
  }
  const entry = (s: Story, rest = {}) => whyOf(s.does(place(limit({ clOrdId: 'e', orderQty: sol(0.1), ...rest }))))

  it('of the account is that of all its trades, and reaches the limit to the unit', () => {
    const s = lost()
    s.does(own({ dailyLoss: { USDC: '40.000001' } }))
    assert.equal(entry(s), 'order')
    s.does(own({ dailyLoss: { USDC: '40' } }))
    assert.deepEqual((entry(s, { clOrdId: 'f' }) as { value: string }).value, '40')
  })
  it('of a strategy is its own', () => {
    const s = lost()
    s.does(own({ dailyLoss: { USDC: '31' } }, 'arb'))
    assert.equal(entry(s, { strategyId: 'arb' }), 'order')
    s.does(own({ dailyLoss: { USDC: '30' } }, 'arb'))
    assert.equal((entry(s, { clOrdId: 'f', strategyId: 'arb' }) as { rule: string }).rule, 'daily_loss')
    assert.equal(entry(s, { clOrdId: 'g' }), 'order', 'another hand’s order is not under it')
  })
  it('in another asset does not count, and no loss at all breaches no limit of zero', () => {
    const s = lost()
    s.does(own({ dailyLoss: { EURC: '1' } }))
    assert.equal(entry(s), 'order')
    const fresh = funded()
    fresh.does(own({ dailyLoss: { USDC: '0' } }))
    assert.equal(entry(fresh), 'order')
  })
})

describe('the price collar', () => {
  const at = (s: Story, clOrdId: string, price: string | null, mark?: string) => {
    const terms = price === null ? request({ clOrdId, orderQty: sol(0.1) }) : limit({ clOrdId, orderQty: sol(0.1), price })
    const marked = { ...place(terms), mark: mark === undefined ? undefined : mid(mark) } as AccountCommand
    return whyOf(s.does({ ...marked, ...(mark === undefined && price !== null ? { reference: undefined } : {}) } as AccountCommand))
  }
  it('holds on both sides, to the basis point, and only for an order with a price', () => {
    const s = funded()
    s.does(own({ priceCollarBps: 100 }))
    assert.deepEqual([at(s, 'a', '101', '100'), at(s, 'b', '99', '100'), at(s, 'c', null, '100')], ['order', 'order', 'order'])
    assert.equal((at(s, 'd', '101.01', '100') as { rule: string }).rule, 'price_collar')
    assert.equal((at(s, 'e', '98.99', '100') as { rule: string }).rule, 'price_collar')
  })
  it('refuses what it cannot be held against, and says so by the lack of a value', () => {
    const s = funded()
    s.does(own({ priceCollarBps: 100 }))
    const why = at(s, 'a', '100') as Record<string, unknown>
    assert.deepEqual([why.rule, why.limit, 'value' in why, 'reference' in why], ['price_collar', '100 bps', false, false])
  })
  it('of a wider scope holds for every account', () => {
    const s = funded()
    const limits = [wide('instrument:SOL/USDC', { orderNotional: { USDC: '9999' } }), wide('global', { priceCollarBps: 100 })]
    const far = { ...place(limit({ clOrdId: 'f', price: '150' })), mark: mid('100'), limits } as AccountCommand
    assert.deepEqual((whyOf(s.does(far)) as { scope: string }).scope, 'global')
  })
})

describe('a control, and what it says', () => {
  it('passes everything when ACTIVE, without asking whether it is an exit', () => {
    const never = () => assert.fail('not asked')
    assert.equal(controlBreach({ scope: 'global', state: 'ACTIVE', reason: 'r', setBy }, never), undefined)
    assert.equal(controlBreach(undefined, never), undefined)
  })
  it('tells a halt from a reduction', () => {
    const text = (state: 'HALTED' | 'REDUCING') => controlBreach({ scope: 'global', state, reason: 'r', setBy }, () => false)?.text
    assert.deepEqual([text('HALTED'), text('REDUCING')], ['global is halted', 'global takes exits only'])
  })
  it('can be asked to resume for a quarter of an hour, to the millisecond', () => {
    const ask = (time: number) => {
      let control: Control | undefined
      const does = (actor: string, to: 'ACTIVE' | 'HALTED', at: number) => {
        const decided = decideControl(control, { scope: 'global', to, reason: 'r', actor, time: at })
        for (const event of decided.events) control = evolveControl(control, event, setBy)
        return decided.answer
      }
      assert.deepEqual(does('a', 'HALTED', 0), { kind: 'in_force' })
      assert.deepEqual(does('a', 'HALTED', 0), { kind: 'in_force' })
      does('a', 'ACTIVE', 10)
      return does('b', 'ACTIVE', time).kind
    }
    assert.deepEqual([ask(10 + REQUEST_VALID_MS), ask(11 + REQUEST_VALID_MS)], ['in_force', 'requested'])
  })
  it('asked to be what it has always been is in force already', () => {
    const answer = decideControl(undefined, { scope: 'global', to: 'ACTIVE', reason: 'r', actor: 'a', time: 1 })
    assert.deepEqual(answer, { events: [], answer: { kind: 'in_force' } })
  })
  it('counts open orders with the one that would be too many', () => {
    assert.deepEqual(openOrdersBreach(MAX_OPEN_ORDERS)?.why, { rule: 'open_orders', limit: '500', value: '501' })
  })
})
