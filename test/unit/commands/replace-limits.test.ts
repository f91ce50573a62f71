import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { briefed } from '../../../src/commands/handler/brief.ts'
import { countedWhole, usage } from '../../../src/commands/limits/measure.ts'
import { createControlBook } from '../../../src/events/controls.ts'
import { createFeeBook } from '../../../src/events/fee-book.ts'
import { createLimitBook } from '../../../src/events/limit-book.ts'
import { LimitRules } from '../../../src/events/limit-rules.ts'
import type { Rules } from '../../../src/events/rules.ts'
import { createStrategyBook } from '../../../src/events/strategies.ts'
import { parsePrice } from '../../../src/platform/decimal.ts'
import {
  balance,
  cancel,
  codeOf,
  expired,
  failed,
  funded,
  landed,
  limit,
  mid,
  place,
  replace,
  request,
  type Story,
  signed,
  sol,
  swap,
  typesOf,
  usdc,
} from './account-story.ts'

type Replace = Extract<AccountCommand, { type: 'ReplaceOrder' }>
type Decision = ReturnType<Story['does']>
const limits = (rules: Partial<LimitRules>, strategyId: string | null = null): AccountCommand => ({
  ...{ type: 'SetLimits', strategyId },
  rules: LimitRules.parse(rules),
})
const whyOf = ({ answer }: Decision) =>
  (answer.kind === 'refused' ? (answer.refusal.extra?.why ?? answer.refusal.code) : answer.kind) as Record<string, unknown> | string
const ruleOf = (decision: Decision) => {
  const why = whyOf(decision)
  return typeof why === 'string' ? why : why.rule
}
const order = (s: Story, number = 1) => s.state.orders.get(number)!
/** A resting buy of 1 SOL at 100 under these limits, with its transaction open if asked for. */
const resting = (rules: Partial<LimitRules>, rest = {}): Story => {
  const s = funded()
  s.does(limits(rules))
  s.does(place(limit(rest)))
  return s
}
const executing = (rules: Partial<LimitRules>): Story => {
  const s = resting(rules)
  s.does({ type: 'TriggerOrder', number: 1, trigger: mid('90') })
  s.does(signed('1'))
  return s
}

describe('a replace that raises an order', () => {
  for (const [rule, rules, fits, breaks] of [
    ['order_notional', { orderNotional: { USDC: '150' } }, { orderQty: sol(1.5) }, { price: '100.01' }],
    ['open_notional', { openNotional: { USDC: '150' } }, { price: '150' }, { price: '150.01' }],
    ['position', { position: { 'SOL/USDC': '1.5' } }, { orderQty: sol(1.5), price: '120' }, { orderQty: sol(1.51) }],
  ] as const) {
    it(`is held against ${rule}, and refused on record with nothing changed`, () => {
      const s = resting(rules)
      assert.equal(codeOf(s.does(replace(1, 'fits', fits))), 'order')
      const before = [order(s), balance(s, 'USDC')]
      const decision = s.does(replace(1, 'breaks', breaks))
      assert.deepEqual([codeOf(decision), ruleOf(decision), typesOf(decision)], ['limit_breached', rule, ['OrderReplaceRejected']])
      assert.deepEqual((whyOf(decision) as Record<string, unknown>).scope, 'account:acct')
      const [event] = decision.events
      assert.deepEqual(event?.type === 'OrderReplaceRejected' && event.data.why, whyOf(decision), 'the record tells the same')
      assert.deepEqual([order(s), balance(s, 'USDC')], before)
    })
  }
  it('counts what the order has traded toward its size', () => {
    const s = executing({ orderNotional: { USDC: '150' } })
    s.does(landed('1', swap(sol(0.6), -usdc(54))))
    assert.equal(ruleOf(s.does(replace(1, 'r', { orderQty: sol(1.6) }))), 'order_notional')
  })
  it('is held against the limits of its strategy', () => {
    const s = resting({}, { strategyId: 'arb' })
    s.does(limits({ position: { 'SOL/USDC': '1' } }, 'arb'))
    assert.equal((whyOf(s.does(replace(1, 'r', { orderQty: sol(2) }))) as { scope: string }).scope, 'account:acct strategy:arb')
  })
  it('is refused while the rate of orders is used up, and after the loss of a day', () => {
    const s = resting({ ordersPerMinute: 1 })
    assert.equal(ruleOf(s.does(replace(1, 'soon', { orderQty: sol(2) }))), 'order_rate')
    assert.equal(codeOf(s.does(replace(1, 'less', { orderQty: sol(0.5) }))), 'order')
    assert.equal(codeOf(s.does(replace(1, 'later', { orderQty: sol(2) }), 70_000)), 'order')
    const t = funded()
    for (const [number, qty, paid] of [
      [1, 2, -200],
      [2, -1, 60],
    ] as const) {
      t.does(place(request({ clOrdId: `t-${number}`, side: qty > 0 ? 'buy' : 'sell', orderQty: sol(Math.abs(qty)) })))
      t.does(signed(String(number)))
      t.does(landed(String(number), swap(sol(qty), usdc(paid))))
    }
    t.does(place(limit({ clOrdId: 'entry' })))
    t.does(place(limit({ clOrdId: 'exit', side: 'sell', orderQty: sol(0.5) })))
    t.does(limits({ dailyLoss: { USDC: '40' } }))
    assert.equal(ruleOf(t.does(replace(3, 'more', { orderQty: sol(2) }))), 'daily_loss')
    assert.equal(codeOf(t.does(replace(4, 'all', { orderQty: sol(1) }))), 'order')
  })
  it('is held against the mid when it comes, also where it will wait; a lower price of a sell too', () => {
    const marked = (command: AccountCommand): AccountCommand => ({ ...(command as Replace), mark: mid('100') })
    for (const s of [resting({}), executing({})]) {
      s.does(limits({ priceCollarBps: 500 }))
      const decision = s.does(marked(replace(1, 'far', { price: '105.01' })))
      assert.deepEqual([ruleOf(decision), typesOf(decision)], ['price_collar', ['OrderReplaceRejected']])
      assert.equal(ruleOf(s.does(replace(1, 'unpriced', { price: '104' }))), 'price_collar')
      assert.equal(codeOf(s.does(marked(replace(1, 'near', { price: '104' })))), 'order')
      assert.equal(codeOf(s.does(replace(1, 'lower', { price: '50' }))), 'order')
    }
    const s = resting({}, { side: 'sell' })
    s.does(limits({ priceCollarBps: 500 }))
    assert.equal(ruleOf(s.does(marked(replace(1, 'away', { price: '10' })))), 'price_collar')
  })
})

describe('a replace that reduces an order', () => {
  it('passes although the limits were lowered below it', () => {
    const s = resting({}, { orderQty: sol(2) })
    s.does(limits({ orderNotional: { USDC: '10' }, openNotional: { USDC: '10' }, position: { 'SOL/USDC': '0.1' }, ordersPerMinute: 0 }))
    assert.equal(codeOf(s.does(replace(1, 'a', { orderQty: sol(1.5) }))), 'order')
    assert.equal(codeOf(s.does(replace(1, 'b', { price: '90' }))), 'order')
    assert.equal(codeOf(s.does(replace(1, 'c', { orderQty: sol(1.51) }))), 'limit_breached')
  })
})

describe('a replace that waits for a transaction', () => {
  it('is held against the limits when it is decided, each after the one before', () => {
    const s = executing({ openNotional: { USDC: '200' } })
    for (const [id, qty] of [
      ['r-1', 1.8],
      ['r-2', 2.1],
      ['r-3', 2],
    ] as const)
      assert.deepEqual(typesOf(s.does(replace(1, id, { orderQty: sol(qty) }))), ['OrderReplaceRequested'])
    const decision = s.does(failed('1'))
    assert.deepEqual(typesOf(decision), ['TransactionFailed', 'OrderReplaced', 'OrderReplaceRejected', 'OrderReplaced'])
    const refusal = decision.events[2]
    assert.ok(refusal?.type === 'OrderReplaceRejected')
    assert.deepEqual(
      [refusal.data.code, refusal.data.why?.rule, refusal.data.ordStatus],
      ['limit_breached', 'open_notional', 'PendingReplace'],
    )
    assert.deepEqual([order(s).orderQty, order(s).lastClOrdId, balance(s, 'USDC')], [sol(2), 'r-3', [usdc(800), usdc(200)]])
  })
})

describe('shares of wider limits, and a replace', () => {
  const setBy = { streamId: 'limit-global', revision: '0' }
  const wide = [{ scope: 'global', rules: LimitRules.parse({ openNotional: { USDC: '500' }, orderNotional: { USDC: '300' } }), setBy }]
  const under = <T extends AccountCommand>(command: T, rest = {}): AccountCommand =>
    ({ ...command, limits: wide, ...rest }) as AccountCommand
  const key = 'openNotional USDC'
  const ONE = 10n ** 12n
  const holding = (total: bigint, s = executing({})): Story => {
    s.does({ type: 'ReceiveAllotment', scope: 'global', key, total: total * ONE, grant: setBy })
    return s
  }

  it('are asked for as placing asks, and refused where none is left; less needs none', () => {
    const s = holding(100n, resting({}))
    const more = replace(1, 'r', { orderQty: sol(2.5) })
    assert.deepEqual(s.does(under(more)), {
      events: [],
      answer: { kind: 'needs_shares', needs: [{ scope: 'global', key, missing: 150n * ONE, received: 100n * ONE }] },
    })
    const exhausted = [{ scope: 'global', key, limit: '500', outstanding: '450', setBy }]
    assert.equal(ruleOf(s.does(under(replace(1, 'x', { orderQty: sol(2.5) }), { exhausted }))), 'open_notional')
    assert.equal(codeOf(s.does(under(replace(1, 'less', { orderQty: sol(0.9) })))), 'order')
    holding(250n, s)
    assert.equal(codeOf(s.does(under(more))), 'order')
    assert.equal(ruleOf(s.does(under(replace(1, 'big', { orderQty: sol(3.1) })))), 'order_notional')
  })
  it('that are not held refuse a replace that has waited', () => {
    const s = holding(150n)
    s.does(replace(1, 'r-1', { orderQty: sol(1.5) }))
    s.does(replace(1, 'r-2', { orderQty: sol(1.6) }))
    const decision = s.does(under(expired('1')))
    assert.deepEqual(typesOf(decision), ['TransactionExpired', 'OrderReplaced', 'OrderReplaceRejected'])
    const [booked, , refusal] = decision.events
    assert.ok(refusal?.type === 'OrderReplaceRejected' && booked)
    assert.deepEqual(refusal.data.why, { rule: 'open_notional', scope: 'global', limit: '500', setBy })
    assert.equal('limits' in booked.data, false, 'what was in force is not part of the outcome')
  })
})

describe('what is in force for a replace', () => {
  const book = createLimitBook()
  book.apply(
    { type: 'LimitSet', data: { scope: 'global', rules: LimitRules.parse({}), by: 'ops', at: 0 } },
    { streamId: 'limit-global', revision: '0' },
  )
  const freshness = { ageMs: () => 0, tripMs: () => 0 } as Rules['freshness']
  const rules: Rules = {
    controls: createControlBook(),
    limits: book,
    fees: createFeeBook(),
    strategies: createStrategyBook(),
    freshness,
    position: () => 0n,
  }

  it('is put into it, and into the end of the attempt that one waits for', () => {
    const s = executing({})
    const limitsIn = (command: AccountCommand) => 'limits' in briefed(rules, s.state, command)
    const ends = [landed('1', []), failed('1'), expired('1')]
    assert.ok(limitsIn(replace(1, 'r', { orderQty: sol(2) })))
    assert.deepEqual(ends.map(limitsIn), [false, false, false])
    s.does(replace(1, 'r', { orderQty: sol(2) }))
    assert.deepEqual(ends.map(limitsIn), [true, true, true])
  })
})

describe('any orders under limits', () => {
  const rules = { orderNotional: { USDC: '250' }, openNotional: { USDC: '400' }, position: { 'SOL/USDC': '4' }, openOrders: 3 }
  const ofStrategy = { openNotional: { USDC: '220' }, position: { 'SOL/USDC': '1.5' } }
  const step = fc.record({
    kind: fc.constantFrom('place', 'place', 'replace', 'replace', 'replace', 'cancel', 'sign', 'sign', 'land', 'fail', 'expire'),
    pick: fc.nat(3),
    size: fc.integer({ min: 1, max: 30 }),
    price: fc.integer({ min: 80, max: 130 }),
    flavour: fc.nat(5),
  })
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
  const commandsOf = (s: Story, { kind, pick, size, price, flavour }: Step, index: number): readonly AccountCommand[] => {
    const open = [...s.state.orders.values()]
    const { number = 99, side = 'buy' } = open[pick % Math.max(1, open.length)] ?? {}
    const attempt = s.state.attempts.get(String(number))?.attempt ?? 0
    switch (kind) {
      case 'place': {
        const terms = { clOrdId: `c-${index}`, orderQty: sol(size / 10), price: String(price), strategyId: flavour % 2 ? 'arb' : null }
        return [place(limit({ ...terms, side: flavour > 3 ? 'sell' : 'buy' }))]
      }
      case 'replace': {
        const byQty = { orderQty: sol(size / 10) }
        const byPrice = { price: String(price) }
        return [replace(number, `r-${index}`, flavour < 2 ? byQty : flavour < 4 ? byPrice : { ...byQty, ...byPrice })]
      }
      case 'cancel':
        return [cancel(number)]
      case 'sign':
        return [{ type: 'TriggerOrder', number, trigger: mid(side === 'buy' ? '70' : '140') }, signed(String(number), attempt + 1)]
      case 'land': {
        const qty = sol(size / 40)
        const paid = (qty * 60n) / 1000n
        return [landed(String(number), side === 'buy' ? swap(qty, -paid) : swap(-qty, paid * 4n), attempt)]
      }
      case 'fail':
        return [failed(String(number), 'custom:1', attempt)]
      default:
        return [expired(String(number), attempt)]
    }
  }

  it('never exceed one, however they are placed, replaced, executed and cancelled', () => {
    const seen = { immediate: 0, refused: 0, waited: 0, refusedLater: 0 }
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
        const s = funded()
        s.does(limits(rules))
        s.does(limits(ofStrategy, 'arb'))
        const check = () => {
          for (const [set, filter] of [
            [LimitRules.parse(rules), {}],
            [LimitRules.parse(ofStrategy), { strategyId: 'arb' }],
          ] as const) {
            for (const measure of ['openNotional', 'position'] as const)
              for (const [name, most] of Object.entries(set[measure]))
                assert.ok(usage(s.state, measure, name, filter, 1_000) <= parsePrice(most)!, `${measure} of ${JSON.stringify(filter)}`)
            assert.ok(set.openOrders === null || s.state.openOrders <= set.openOrders)
          }
          for (const each of s.state.orders.values()) assert.ok(countedWhole(each).notional <= parsePrice('250')!, 'one order')
        }
        steps.forEach((each, index) => {
          for (const command of commandsOf(s, each, index)) {
            const later = command.type !== 'ReplaceOrder'
            for (const event of s.does(command).events) {
              if (event.type === 'OrderReplaced') seen[later ? 'waited' : 'immediate']++
              if (event.type === 'OrderReplaceRejected' && event.data.code === 'limit_breached') seen[later ? 'refusedLater' : 'refused']++
            }
            check()
          }
        })
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 80) },
    )
    // the property means little unless each of these was met
    for (const [what, times] of Object.entries(seen)) assert.ok(times > 0, `${what} was never reached`)
  })
})
