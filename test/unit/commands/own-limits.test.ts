import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { LimitRules } from '../../../src/events/limit-rules.ts'
import { funded, landed, limit, mid, place, request, signed, sol, swap, usdc } from './account-story.ts'

const limits = (rules: Partial<LimitRules>, strategyId: string | null = null): AccountCommand => ({
  type: 'SetLimits',
  strategyId,
  rules: LimitRules.parse(rules),
})
type Decision = ReturnType<ReturnType<typeof funded>['does']>
const whyOf = ({ answer }: Decision): Record<string, unknown> | string =>
  answer.kind === 'refused' ? (answer.refusal.extra?.why as Record<string, unknown>) : answer.kind
const small = (clOrdId: string, rest = {}) => place(limit({ clOrdId, orderQty: sol(0.1), ...rest }))

describe('limits of an account', () => {
  it('refuse an order that is too large, by the event that set them', () => {
    const s = funded()
    s.does(limits({ orderNotional: { USDC: '50' } }))
    const setBy = { streamId: s.state.risk.limits.get('')?.setBy.streamId, revision: String(s.state.revision) }
    const why = whyOf(s.does(place(limit({ clOrdId: 'big', orderQty: sol(0.51) }))))
    assert.deepEqual(why, { rule: 'order_notional', scope: 'account:acct', limit: '50', value: '51', setBy })
    assert.equal(whyOf(s.does(place(limit({ clOrdId: 'fits', orderQty: sol(0.5) })))), 'order')
  })
  it('count the open orders, their notional, and the rate of a sliding minute', () => {
    const s = funded()
    s.does(limits({ openOrders: 2, openNotional: { USDC: '25' }, ordersPerMinute: 3 }))
    s.does(small('a'), 10_000)
    s.does(small('b'), 11_000)
    assert.equal((whyOf(s.does(small('c'), 12_000)) as { rule: string }).rule, 'open_notional')
    assert.equal((whyOf(s.does(small('d', { orderQty: sol(0.01) }), 12_000)) as { rule: string }).rule, 'open_orders')
    s.does({ type: 'CancelOrder', number: 1 }, 12_000)
    assert.equal(whyOf(s.does(small('e'), 13_000)), 'order')
    s.does({ type: 'CancelOrder', number: 2 }, 13_000)
    assert.equal((whyOf(s.does(small('f'), 14_000)) as { rule: string }).rule, 'order_rate')
    assert.equal(whyOf(s.does(small('g'), 71_001)), 'order', 'the first of the three is a minute ago')
  })
  it('hold what is held and what open orders could add against the position, and let it be reduced', () => {
    const s = funded()
    s.does(place(request({ clOrdId: 'first', orderQty: sol(2) })))
    s.does(signed('1'))
    s.does(landed('1', swap(sol(2), -usdc(200))))
    s.does(limits({ position: { 'SOL/USDC': '2.5' } }))
    assert.equal(whyOf(s.does(small('a', { orderQty: sol(0.4) }))), 'order')
    assert.equal((whyOf(s.does(small('b', { orderQty: sol(0.2) }))) as { rule: string }).rule, 'position')
    s.does(limits({ position: { 'SOL/USDC': '1' } }))
    assert.equal(whyOf(s.does(small('c', { side: 'sell', orderQty: sol(1) }))), 'order')
  })
  it('stop entries after the loss of a day, not exits, and not the next day', () => {
    const s = funded()
    for (const [number, qty, paid] of [
      [1, 2, -200],
      [2, -1, 60],
    ] as const) {
      s.does(place(request({ clOrdId: `t-${number}`, side: qty > 0 ? 'buy' : 'sell', orderQty: sol(Math.abs(qty)) })))
      s.does(signed(String(number)))
      s.does(landed(String(number), swap(sol(qty), usdc(paid))))
    }
    s.does(limits({ dailyLoss: { USDC: '40' } }))
    assert.equal((whyOf(s.does(small('entry'))) as { rule: string }).rule, 'daily_loss')
    assert.equal(whyOf(s.does(small('exit', { side: 'sell', orderQty: sol(1) }))), 'order')
    assert.equal(whyOf(s.does(small('tomorrow'), 86_400_000)), 'order')
  })
  it('hold a price against the mid, cited in the refusal', () => {
    const s = funded()
    s.does(limits({ priceCollarBps: 500 }))
    const marked = (price: string, clOrdId: string): AccountCommand =>
      ({ ...place(limit({ clOrdId, price })), mark: mid('100') }) as AccountCommand
    assert.equal(whyOf(s.does(marked('95', 'near'))), 'order')
    const why = whyOf(s.does(marked('94.99', 'far'))) as Record<string, unknown>
    assert.deepEqual([why.rule, why.value, why.reference], ['price_collar', '94.99', mid('100')])
  })
  it('of a strategy count its own orders, not those of others', () => {
    const s = funded()
    s.does(limits({ openOrders: 1 }, 'arb'))
    assert.equal(whyOf(s.does(small('other'))), 'order')
    assert.equal(whyOf(s.does(small('first', { strategyId: 'arb' }))), 'order')
    const why = whyOf(s.does(small('second', { strategyId: 'arb' }))) as Record<string, unknown>
    assert.deepEqual([why.rule, why.scope], ['open_orders', 'account:acct strategy:arb'])
  })
})

describe('shares of wider limits', () => {
  const setBy = { streamId: 'limit-global', revision: '0' }
  const wide = { scope: 'global', rules: LimitRules.parse({ openNotional: { USDC: '100' } }), setBy }
  const under = (clOrdId: string, rest = {}): AccountCommand => ({ ...small(clOrdId), limits: [wide], ...rest }) as AccountCommand
  const ONE = 10n ** 12n

  it('are asked for without a decision, spent, and given back when unused', () => {
    const s = funded()
    const asked = s.does(under('a'))
    assert.deepEqual(
      [asked.events, asked.answer],
      [[], { kind: 'needs_shares', needs: [{ scope: 'global', key: 'openNotional USDC', missing: 10n * ONE, received: 0n }] }],
    )
    s.does({ type: 'ReceiveAllotment', scope: 'global', key: 'openNotional USDC', total: 15n * ONE, grant: setBy })
    assert.equal(
      s.does({ type: 'ReceiveAllotment', scope: 'global', key: 'openNotional USDC', total: 15n * ONE, grant: setBy }).events.length,
      0,
    )
    assert.equal(s.does(under('a')).answer.kind, 'order')
    assert.equal(s.does(under('b')).answer.kind, 'needs_shares')
    const returned = s.does({ type: 'ReturnAllotment', scope: 'global', key: 'openNotional USDC', granted: 15n * ONE })
    assert.deepEqual(returned.events[0]?.type === 'AllotmentReturned' && returned.events[0].data.total, '5')
    s.does({ type: 'CancelOrder', number: 1 })
    s.does({ type: 'ReturnAllotment', scope: 'global', key: 'openNotional USDC', granted: 15n * ONE })
    const again = s.does(under('c'))
    assert.ok(again.answer.kind === 'needs_shares' && again.answer.needs[0]?.missing === 10n * ONE, 'what is returned cannot be spent')
  })
  it('refuse on record when nothing is left, and not for an order that fails otherwise', () => {
    const s = funded()
    const exhausted = [{ scope: 'global', key: 'openNotional USDC', limit: '100', outstanding: '95', setBy }]
    const why = whyOf(s.does(under('a', { exhausted })))
    assert.deepEqual(why, { rule: 'open_notional', scope: 'global', limit: '100', value: '95', setBy })
    const poor = { ...place(limit({ clOrdId: 'poor', orderQty: sol(99) })), limits: [wide] } as AccountCommand
    assert.equal((whyOf(s.does(poor)) as { rule: string }).rule, 'available_funds')
  })
})
