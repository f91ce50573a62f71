import assert from 'node:assert/strict'
import { isMet, leastStep, stopBehind, trailTo } from '../../../src/commands/order/conditions.ts'
import { fillFrom } from '../../../src/commands/order/fill.ts'
import { matches } from '../../../src/commands/order/order-filter.ts'
import { isOneOf, isParent, shareOf, siblingsOf } from '../../../src/commands/order/order-list.ts'
import { instrumentTerms, type OrderRequest, termsHashOf } from '../../../src/commands/order/order-request.ts'
import type { OrderState } from '../../../src/commands/order/order-state.ts'
import { expiryOf, firstStop, needsReference } from '../../../src/commands/order/place.ts'
import { postOnlyBreach } from '../../../src/commands/order/post-only.ts'
import { unfitFields } from '../../../src/commands/order/replace.ts'
import { cancelHash, replaceHash } from '../../../src/commands/order/requests.ts'
import { type ToReserve, worstCaseInput } from '../../../src/commands/order/reservation.ts'
import { isFresh, QUOTE_MAX_AGE_MS } from '../../../src/commands/order/trigger.ts'
import { accepted } from './accepted.ts'
import { INSTRUMENT, limit, mid, request, SOL, sol, swap, USDC, usdc, WALLET } from './account-story.ts'

const ONE = 10n ** 12n
const DAY = 86_400_000
const TERMS = instrumentTerms(INSTRUMENT)

describe('a condition on the market', () => {
  it('is met at the price itself, on its own side, and never by a price that is none', () => {
    const below = { kind: 'limit', price: '100', when: 'at_or_below' } as const
    const above = { ...below, when: 'at_or_above' } as const
    assert.deepEqual([isMet(below, '99.99'), isMet(below, '100'), isMet(below, '100.01')], [true, true, false])
    assert.deepEqual([isMet(above, '99.99'), isMet(above, '100'), isMet(above, '100.01')], [false, true, true])
    assert.deepEqual([isMet(below, '0'), isMet(below, ''), isMet({ ...below, price: '' }, '1')], [false, false, false])
    assert.deepEqual([isMet({ kind: 'market' }, '5'), isMet({ kind: 'market' }, '0'), isMet({ kind: 'market' }, '')], [true, false, false])
  })
  it('by a quote two seconds old is met, by an older one not', () => {
    assert.deepEqual([isFresh(mid('1', 0), QUOTE_MAX_AGE_MS), isFresh(mid('1', 0), QUOTE_MAX_AGE_MS + 1)], [true, false])
  })
})

describe('a trailing stop', () => {
  const trailing = (side: 'buy' | 'sell', peak: string | null = '100') => ({
    ...{ side, peak, trailingOffset: { kind: 'price' as const, value: '5' } },
  })
  it('follows the market by at least a tick and 5 bps of its peak, whichever is more', () => {
    assert.equal(leastStep(100n * ONE, '0.01'), (5n * ONE) / 100n)
    assert.equal(leastStep(100n * ONE, '0.1'), ONE / 10n)
    assert.equal(leastStep(1n, ''), 1n, 'rounded up')
    assert.equal(leastStep(0n, ''), 1n, 'never nothing')
  })
  it('of a sale follows up, of a purchase down, to the very step', () => {
    assert.deepEqual(trailTo(trailing('sell'), '100.05', '0.01'), { peak: '100.05', stopPrice: '95.05' })
    assert.equal(trailTo(trailing('sell'), '100.04', '0.01'), undefined)
    assert.equal(trailTo(trailing('sell'), '99', '0.01'), undefined)
    assert.deepEqual(trailTo(trailing('buy'), '99.95', '0.01'), { peak: '99.95', stopPrice: '104.95' })
    assert.equal(trailTo(trailing('buy'), '101', '0.01'), undefined)
  })
  it('follows no price that is none, and nothing where there is no peak or no offset', () => {
    assert.equal(trailTo(trailing('buy'), '0', '0.01'), undefined)
    assert.equal(trailTo(trailing('sell'), '', '0.01'), undefined)
    assert.equal(trailTo(trailing('sell', null), '200', '0.01'), undefined)
    assert.equal(trailTo({ ...trailing('sell'), trailingOffset: null }, '200', '0.01'), undefined)
  })
  it('stays its offset behind, rounded away from the market, never below zero', () => {
    assert.equal(stopBehind('sell', '100', { kind: 'bps', value: 250 }), '97.5')
    assert.equal(stopBehind('buy', '100', { kind: 'bps', value: 250 }), '102.5')
    assert.equal(stopBehind('sell', '0.000000000003', { kind: 'bps', value: 1 }), '0.000000000002')
    assert.equal(stopBehind('sell', '3', { kind: 'price', value: '5' }), '0')
    assert.equal(stopBehind('buy', '3', { kind: 'price', value: '5' }), '8')
    assert.equal(stopBehind('sell', '3', { kind: 'price', value: '0.5' }), '2.5')
  })
  it('begins behind the market; every other stop at its own price', () => {
    const stop = request({ type: 'trailing_stop', side: 'sell', trailingOffset: { kind: 'price', value: '5' } })
    assert.equal(firstStop(stop, mid('100')), '95')
    assert.equal(firstStop({ ...stop, stopPrice: '7' }, undefined), '7')
    assert.equal(firstStop(request({ type: 'stop', stopPrice: '90' }), mid('100')), '90')
  })
})

describe('what an order may cost at worst', () => {
  const worst = (r: Partial<ToReserve>) =>
    worstCaseInput({ side: 'buy', qty: null, cash: null, price: null, reference: null, maxSlippageBps: 100, ...r }, TERMS)
  it('is its own price, or the market’s with the slippage it allows', () => {
    assert.equal(worst({ qty: sol(2), price: '100', reference: '500' }), usdc(200))
    assert.equal(worst({ qty: sol(2), reference: '100' }), usdc(202))
    assert.equal(worst({ qty: 1n, price: '0.000001' }), 1n, 'rounded up')
  })
  it('is the quantity of a sale, and the cash of a purchase, at any price', () => {
    assert.equal(worst({ side: 'sell', qty: sol(2), reference: null }), sol(2))
    assert.equal(worst({ cash: usdc(50) }), usdc(50))
  })
  it('of a sale for cash is what brings the cash in at the worst', () => {
    assert.equal(worst({ side: 'sell', cash: usdc(100), price: '100' }), sol(1))
    assert.equal(worst({ side: 'sell', cash: usdc(100), reference: '100' }), sol(1.01))
  })
  it('cannot be told without a price', () => {
    assert.deepEqual(
      [worst({ qty: 1n }), worst({ qty: 1n, reference: '0' }), worst({ qty: 1n, price: '' })],
      [undefined, undefined, undefined],
    )
  })
})

describe('terms at acceptance', () => {
  it('of a day order end at the next midnight UTC, also when it comes at midnight', () => {
    const day = limit({ timeInForce: 'day', expireAt: 5 })
    assert.deepEqual([expiryOf(day, 0), expiryOf(day, DAY - 1), expiryOf(day, DAY)], [DAY, DAY, 2 * DAY])
    assert.deepEqual([expiryOf(limit({ timeInForce: 'gtd', expireAt: 5 }), 1), expiryOf(limit(), 1)], [5, null])
  })
  it('take a market price where the order has none of its own or must not meet it', () => {
    const needs = [request(), request({ type: 'trailing_stop' }), limit({ postOnly: true }), limit(), request({ type: 'stop' })].map(
      needsReference,
    )
    assert.deepEqual(needs, [true, true, true, false, false])
  })
  it('are told apart, each of them', () => {
    const list = { listId: 'l', kind: 'oco' as const, leg: 0, waitsFor: null }
    const changes: readonly Partial<OrderRequest>[] = [
      ...[{}, { symbol: 'X' }, { side: 'sell' as const }, { type: 'limit' as const }, { timeInForce: 'fok' as const }, { orderQty: 2n }],
      ...[{ orderQty: null, cashOrderQty: 2n }, { price: '2' }, { maxSlippageBps: 1 }, { stopPrice: '2' }, { expireAt: 2 }],
      ...[{ trailingOffset: { kind: 'bps' as const, value: 1 } }, { trailingOffset: { kind: 'bps' as const, value: 2 } }],
      ...[{ strategyId: 's' }, { reduceOnly: true }, { postOnly: true }, { list }, { list: { ...list, leg: 1 } }],
      ...[{ list: { ...list, listId: 'm' } }, { algo: { algoId: 'a', slice: 0 } }, { algo: { algoId: 'a', slice: 1 } }],
    ]
    assert.equal(new Set(changes.map((change) => termsHashOf(request(change)))).size, changes.length)
    assert.equal(termsHashOf(request({ clOrdId: 'other' })), termsHashOf(request()), 'the id is not a term')
    assert.match(termsHashOf(request()), /^[0-9a-f]{32}$/)
  })
  it('of a request are told apart too, by order, kind and each change', () => {
    const none = { orderQty: null, cashOrderQty: null, price: null, stopPrice: null }
    const hashes = [
      ...[cancelHash(1), cancelHash(2), replaceHash(1, none), replaceHash(2, none), replaceHash(1, { ...none, orderQty: 1n })],
      ...[
        replaceHash(1, { ...none, cashOrderQty: 1n }),
        replaceHash(1, { ...none, price: '1' }),
        replaceHash(1, { ...none, stopPrice: '1' }),
      ],
    ]
    assert.equal(new Set(hashes).size, hashes.length)
    for (const hash of hashes) assert.match(hash, /^[0-9a-f]{32}$/)
  })
  it('have the hashes that they have in every log: another one would make a conflict of each repetition', () => {
    assert.equal(termsHashOf(request()), '2538d3057842ad06822654985435d751')
    assert.equal(termsHashOf(request({ orderQty: null, cashOrderQty: 5n })), '153792e587cb2b64f920585555c9f120')
    assert.equal(cancelHash(1), '521e887d93ad8574c89833345f2202ab')
    assert.equal(replaceHash(1, { orderQty: 1n, cashOrderQty: null, price: '1', stopPrice: null }), 'bc479238defb3ad51ec0799f246258f5')
  })
})

describe('post-only', () => {
  const breach = (side: 'buy' | 'sell', price: string | null, market?: string) =>
    postOnlyBreach({ postOnly: true, side, price }, market === undefined ? undefined : mid(market))
  it('refuses what the market meets at once, at the limit itself too, and says both prices', () => {
    assert.deepEqual(breach('buy', '100', '100')?.why, { rule: 'post_only', limit: '100', value: '100' })
    assert.deepEqual(breach('sell', '100', '100')?.code, 'limit_breached')
    assert.deepEqual([breach('buy', '100', '100.01'), breach('sell', '100', '99.99')], [undefined, undefined])
  })
  it('refuses what cannot be compared', () => {
    assert.deepEqual([breach('buy', '100')?.why, breach('buy', null, '100')?.why], [{ rule: 'post_only' }, { rule: 'post_only' }])
    assert.equal(postOnlyBreach({ postOnly: false, side: 'buy', price: null }, undefined), undefined)
  })
})

describe('the fields that a change may name', () => {
  const none = { orderQty: null, cashOrderQty: null, price: null, stopPrice: null }
  const unfit = (order: OrderState, change: object) => unfitFields(order, { ...none, ...change }).map(({ field }) => field)
  it('are those that the order has', () => {
    const [byQty, byCash] = [accepted(limit()), accepted(request({ orderQty: null, cashOrderQty: usdc(5) }))]
    assert.deepEqual([unfit(byQty, { orderQty: 1n, price: '1' }), unfit(byCash, { cashOrderQty: 1n })], [[], []])
    assert.deepEqual(
      [unfit(byQty, { cashOrderQty: 1n }), unfit(byCash, { orderQty: 1n, price: '1' })],
      [['cashOrderQty'], ['quantity', 'price']],
    )
    assert.deepEqual(unfit(byQty, { stopPrice: '1' }), ['stopPrice'])
    const stop = { ...byQty, type: 'stop' as const }
    assert.deepEqual([unfit(stop, { stopPrice: '1' }), unfit({ ...stop, type: 'stop_limit' }, { stopPrice: '1' })], [[], []])
    assert.deepEqual(unfit({ ...stop, triggered: true }, { stopPrice: '1' }), ['stopPrice'])
    assert.deepEqual(unfit({ ...stop, type: 'trailing_stop' }, { stopPrice: '1' }), ['stopPrice'])
  })
})

describe('what a landed swap did', () => {
  const fill = (order: OrderState, base: bigint, quote: bigint) => fillFrom(order, swap(base, quote), WALLET)
  it('is a fill when both sides moved the right way, and no guess otherwise', () => {
    const [buy, sell] = [accepted(request()), accepted(request({ side: 'sell' }))]
    assert.deepEqual(fill(buy, sol(1), -usdc(99)), { kind: 'fill', fill: { lastQty: sol(1), lastQuote: usdc(99), surplus: 0n } })
    assert.deepEqual(fill(sell, -sol(1), usdc(99)), { kind: 'fill', fill: { lastQty: sol(1), lastQuote: usdc(99), surplus: 0n } })
    assert.deepEqual(fill(buy, 0n, 0n), { kind: 'nothing' })
    for (const [base, quote] of [
      [sol(1), 0n],
      [0n, -usdc(99)],
      [sol(1), usdc(99)],
      [-sol(1), -usdc(99)],
    ] as const)
      assert.deepEqual(fill(buy, base, quote), { kind: 'contradiction' })
  })
  it('beyond what was left is a surplus of a purchase, a lack of a sale', () => {
    const more = fill(accepted(request(), { cumQty: sol(0.4) }), sol(1), -usdc(99))
    assert.deepEqual(more, { kind: 'fill', fill: { lastQty: sol(0.6), lastQuote: usdc(99), surplus: sol(0.4) } })
    const less = fill(accepted(request({ side: 'sell' })), -sol(1.5), usdc(99))
    assert.deepEqual(less, { kind: 'fill', fill: { lastQty: sol(1), lastQuote: usdc(99), surplus: -sol(0.5) } })
    const cash = fill(accepted(request({ orderQty: null, cashOrderQty: usdc(99) })), sol(7), -usdc(99))
    assert.deepEqual(cash, { kind: 'fill', fill: { lastQty: sol(7), lastQuote: usdc(99), surplus: 0n } })
  })
  it('is read off the wallet’s own accounts of the two mints alone', () => {
    const foreign = [
      { tokenAccount: 'x', owner: 'Else', mint: SOL.mint, amount: '5' },
      { tokenAccount: 'y', owner: WALLET, mint: 'Other', amount: '5' },
    ]
    assert.deepEqual(fillFrom(accepted(request()), foreign, WALLET), { kind: 'nothing' })
    assert.equal(USDC.mint, TERMS.quoteMint)
  })
})

describe('legs of a list', () => {
  const leg = (kind: 'oco' | 'oto' | 'bracket', n: number, listId = 'l') => ({ listId, kind, leg: n, waitsFor: null })
  it('exclude one another in an OCO and among the exits of a bracket', () => {
    assert.deepEqual([leg('oco', 0), leg('oco', 1), leg('bracket', 0), leg('bracket', 1), leg('oto', 1)].map(isOneOf), [
      true,
      true,
      false,
      true,
      false,
    ])
    assert.deepEqual([leg('oco', 0), leg('bracket', 0), leg('bracket', 1), leg('oto', 0)].map(isParent), [false, true, false, true])
  })
  it('have as siblings the others of their own list that exclude them', () => {
    const order = (number: number, list: OrderState['list']) => accepted(limit(), { number, list })
    const orders = [
      order(1, leg('bracket', 0)),
      order(2, leg('bracket', 1)),
      order(3, leg('bracket', 2)),
      order(4, leg('oco', 0, 'm')),
      order(5, null),
    ]
    const siblings = (n: number) => siblingsOf(orders, n, orders[n - 1]!.list!).map(({ number }) => number)
    assert.deepEqual([siblings(1), siblings(2), siblings(4)], [[], [3], []])
  })
  it('hold only what their group does not hold yet, and nothing while they wait', () => {
    const sibling = accepted(limit(), { reserved: { asset: 'USDC', amount: 60n } })
    const place = leg('oco', 1)
    assert.deepEqual([shareOf(100n, place, [sibling]), shareOf(60n, place, [sibling]), shareOf(50n, place, [sibling])], [40n, 0n, 0n])
    assert.equal(shareOf(100n, { ...place, waitsFor: 1 }, []), 0n)
  })
  it('and other orders are picked by each member of a filter', () => {
    const order = accepted(limit({ strategyId: 's' }), { list: leg('oco', 0) })
    const whole = { symbol: 'SOL/USDC', side: 'buy', strategyId: 's', listId: 'l' } as const
    assert.equal(matches(order, whole), true)
    assert.equal(matches(order, {}), true)
    for (const other of [{ symbol: 'X' }, { side: 'sell' }, { strategyId: 't' }, { listId: 'm' }] as const)
      assert.equal(matches(order, { ...whole, ...other }), false)
    assert.equal(matches({ ...order, list: null }, { listId: 'l' }), false)
  })
})
