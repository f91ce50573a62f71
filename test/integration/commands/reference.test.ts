import assert from 'node:assert/strict'
import type { AccountHandler } from '../../../src/commands/handler/account-handler.ts'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { eventStoreUrl } from '../../support/services.ts'
import { landed, signed, sol, swap, usdc } from '../../unit/commands/account-story.ts'
import { type HttpStand, httpStand } from './http-stand.ts'
import { eventsOf, newAccountId, openFunded, openStore, run, writeSide } from './write-side.ts'

/** An address; nothing is asked of the chain here. */
const MINT = 'orcaEKTdK7LKz57vaAYr9QeNsVEPfiu6QeMU1kektZE'

describe('what operators define, over HTTP', function () {
  this.timeout(180_000)
  let store: EventStore
  let stand: HttpStand
  /** A handler of another process, which signs without the proof that a signer has to bring. */
  let settlement: AccountHandler
  before(async () => {
    store = await openStore(await eventStoreUrl())
    stand = await httpStand(store, { follow: true })
    settlement = writeSide(store).handler
  })
  after(async () => {
    // the log is shared: other tests trade without fees
    await define([{ tier: 0, bps: 0 }])
    await settlement.close()
    await stand.close()
    await store.close()
  })

  const operate = (method: string, path: string, body?: unknown) => stand.call(method, path, body, 'operator')
  const define = (tiers: unknown, symbol = 'BONK/USDC') => operate('POST', '/v1/fee-schedules', { symbol, tiers })
  const account = async (): Promise<string> => {
    const accountId = newAccountId()
    await openFunded(settlement, accountId, usdc(1_000))
    return accountId
  }
  const place = (accountId: string, order: Record<string, unknown> = {}) => {
    // a price is fresh for two seconds, which a slow machine may need for the steps before
    stand.market.mid = { price: '100', sourceId: 'test', time: Date.now() }
    return stand.call('POST', '/v1/orders', {
      ...{ accountId, clOrdId: 'c', symbol: 'BONK/USDC', side: 'buy', type: 'limit', timeInForce: 'gtc', quantity: '1', price: '1' },
      ...order,
    })
  }

  it('a fee schedule is a version in the stream of its instrument; orders cite the one of their acceptance and tier', async () => {
    const accountId = await account()
    const first = await define([
      { tier: 0, bps: 30 },
      { tier: 2, bps: 12 },
    ])
    assert.equal(first.status, 200, JSON.stringify(first.body))
    assert.equal((await place(accountId, { clOrdId: 'a' })).status, 201)
    const tier = await operate('PUT', `/v1/accounts/${accountId}/fee-tier`, { tier: 3 })
    assert.deepEqual([tier.status, tier.body.tier], [200, 3])
    assert.deepEqual((await stand.call('GET', `/v1/accounts/${accountId}/fee-tier`)).body.data, { accountId, tier: 3 })
    assert.equal((await place(accountId, { clOrdId: 'b' })).status, 201)
    const second = await define([{ tier: 0, bps: 7 }])
    assert.equal(second.body.version, Number(first.body.version) + 1)
    assert.equal((await define([{ tier: 0, bps: 7 }])).body.version, second.body.version)
    assert.equal((await place(accountId, { clOrdId: 'c' })).status, 201)
    const { orders } = await stand.role.handler.load(accountId)
    const cited = [1, 2, 3].map((n) => orders.get(n)?.fee).map((fee) => [fee?.bps, fee?.tier, fee?.schedule.version])
    const [one, two] = [first.body.version, second.body.version]
    assert.deepEqual(cited, [
      [30, 0, one],
      [12, 3, one],
      [7, 3, two],
    ])
    const { data } = (await stand.call('GET', '/v1/fee-schedules')).body as { data: { symbol: string; version: number }[] }
    assert.equal(data.find(({ symbol }) => symbol === 'BONK/USDC')?.version, two)
  })

  it('a fill of an order is charged by its own version, after a newer one was defined', async () => {
    const accountId = await account()
    await define([{ tier: 0, bps: 50 }], 'SOL/USDC')
    const order = { symbol: 'SOL/USDC', clOrdId: 'm', type: 'market', timeInForce: 'ioc', price: undefined }
    assert.equal((await place(accountId, order)).status, 201)
    await define([{ tier: 0, bps: 0 }], 'SOL/USDC')
    const { instrument } = (await stand.role.handler.load(accountId)).orders.get(1)!
    await run(settlement, accountId, signed('1'))
    const deltas = swap(sol(1), -usdc(100)).map((delta) => ({
      ...delta,
      mint: delta.mint === 'MintSOL' ? instrument.baseMint : instrument.quoteMint,
    }))
    await run(settlement, accountId, landed('1', deltas))
    const { balances, collected } = await stand.role.handler.load(accountId, { fresh: true })
    assert.equal(collected.get('SOL'), 5_000_000n)
    assert.equal(balances.get('SOL')?.available, sol(1) - 5_000_000n)
  })

  it('an instrument that is defined trades at once; an order keeps the version it was accepted under', async () => {
    const name = `T${Date.now().toString(36)}`
    const symbol = `${name}/USDC`
    const instrument = (change: Record<string, unknown>) => operate('POST', '/v1/instruments', { symbol, ...change })
    const incomplete = await instrument({ tickSize: '0.1' })
    assert.deepEqual([incomplete.status, incomplete.body.code], [400, 'invalid_request'])
    const first = await instrument({ baseMint: MINT, baseDecimals: 6, tickSize: '0.1', lotSize: '0.5' })
    assert.deepEqual([first.status, first.body.version, first.body.status, first.body.quoteDecimals], [201, 1, 'trading', 6])
    const accountId = await account()
    const buy = (clOrdId: string, price: string, quantity = '1') => place(accountId, { clOrdId, symbol, price, quantity })
    assert.equal((await buy('a', '0.1')).status, 201)
    assert.equal((await buy('b', '0.15')).status, 400)

    const second = await instrument({ tickSize: '0.05', lotSize: '1', baseDecimals: 3 })
    assert.deepEqual([second.status, second.body.version], [200, 2])
    assert.equal((await instrument({})).body.version, 2)
    assert.equal((await buy('b', '0.15')).status, 201)
    assert.equal((await buy('c', '0.15', '1.5')).status, 400)
    const { orders } = await stand.role.handler.load(accountId)
    assert.deepEqual(
      [1, 2].map((n) => [orders.get(n)?.instrument.version, orders.get(n)?.instrument.baseDecimals, orders.get(n)?.orderQty]),
      [
        [1, 6, 1_000_000n],
        [2, 3, 1_000n],
      ],
    )
    // a quantity of the older order is in its own units
    const replaced = await stand.call('PATCH', `/v1/orders/${accountId}.1`, { clOrdId: 'a2', quantity: '2' })
    assert.deepEqual([replaced.status, replaced.body.orderQty], [200, '2'])
    const known = (await stand.call('GET', '/v1/instruments')).body.data as { symbol: string; version: number }[]
    assert.equal(known.find((one) => one.symbol === symbol)?.version, 2)
  })

  it('what does not trade refuses with the rule, its value and the event that set it; reduce_only takes exits', async () => {
    const name = `S${Date.now().toString(36)}`
    const symbol = `${name}/USDC`
    const instrument = (change: Record<string, unknown>) => operate('POST', '/v1/instruments', { symbol, ...change })
    await instrument({ baseMint: MINT, baseDecimals: 9, tickSize: '1', lotSize: '0.001' })
    const accountId = await account()
    const order = (clOrdId: string, change: Record<string, unknown> = {}) =>
      place(accountId, { ...{ clOrdId, symbol, type: 'market', timeInForce: 'ioc', price: undefined }, ...change })
    assert.equal((await order('a')).status, 201)
    const terms = (await stand.role.handler.load(accountId)).orders.get(1)!.instrument
    await run(settlement, accountId, signed('1'))
    const bought = swap(sol(1), -usdc(100)).map((d) => ({ ...d, mint: d.mint === 'MintSOL' ? terms.baseMint : terms.quoteMint }))
    await run(settlement, accountId, landed('1', bought))
    for (const [status, revision] of [
      ['halted', '1'],
      ['delisted', '2'],
      ['reduce_only', '3'],
    ] as const) {
      assert.equal((await instrument({ status })).body.status, status)
      const refused = await order(status)
      assert.deepEqual([refused.status, refused.body.code], [422, 'halted'])
      const setBy = { streamId: `instrument-${symbol}`, revision }
      assert.deepEqual(refused.body.why, { rule: 'instrument_status', scope: `instrument:${symbol}`, value: status, setBy })
    }
    assert.equal((await order('exit', { side: 'sell', quantity: '0.5' })).status, 201)
    await instrument({ status: 'trading' })
    assert.equal((await order('again')).status, 201)
  })

  it('an order of a strategy needs it to exist and to be Live; paused, it takes exits', async () => {
    const strategyId = `s-${Date.now().toString(36)}`
    const accountId = await account()
    const order = (clOrdId: string, change: Record<string, unknown> = {}) =>
      place(accountId, { ...{ clOrdId, symbol: 'SOL/USDC', type: 'market', timeInForce: 'ioc', price: undefined, strategyId }, ...change })
    const step = (action: string, body?: unknown) => stand.call('POST', `/v1/strategies/${strategyId}/${action}`, body)
    const unknown = await order('a')
    assert.deepEqual([unknown.status, unknown.body.code], [422, 'unknown_strategy'])
    assert.deepEqual(unknown.body.why, { rule: 'strategy', scope: `strategy:${strategyId}`, value: 'unknown' })
    const algo = {
      accountId,
      algoId: 'x',
      kind: 'iceberg',
      symbol: 'SOL/USDC',
      side: 'buy',
      quantity: '1',
      displayQuantity: '1',
      price: '1',
    }
    assert.equal((await stand.call('POST', '/v1/algos', { ...algo, strategyId })).body.code, 'unknown_strategy')

    const config = { symbols: ['SOL/USDC'], step: '1' }
    const drafted = await stand.call('POST', '/v1/strategies', { strategyId, config })
    assert.deepEqual([drafted.status, drafted.body.state, drafted.body.version], [201, 'Draft', 1])
    const again = await stand.call('POST', '/v1/strategies', { strategyId, config: { step: '1', symbols: ['SOL/USDC'] } })
    assert.deepEqual([again.status, again.body.configHash], [200, drafted.body.configHash])
    const drafts = await order('b')
    assert.deepEqual([drafts.status, drafts.body.code], [422, 'halted'])
    const setBy = { streamId: `strategy-${strategyId}`, revision: '0' }
    assert.deepEqual(drafts.body.why, { rule: 'strategy_state', scope: `strategy:${strategyId}`, value: 'Draft', setBy })
    const paper = await step('start', { to: 'Paper' })
    assert.deepEqual([paper.status, paper.body.state], [200, 'Paper'])
    assert.equal(((await order('p')).body.why as { value: string }).value, 'Paper')

    assert.equal((await step('start', {})).body.state, 'Live')
    assert.equal((await order('c')).status, 201)
    const number = Math.max(...(await stand.role.handler.load(accountId)).orders.keys())
    const terms = (await stand.role.handler.load(accountId)).orders.get(number)!.instrument
    await run(settlement, accountId, signed(String(number)))
    const bought = swap(sol(1), -usdc(100)).map((d) => ({ ...d, mint: d.mint === 'MintSOL' ? terms.baseMint : terms.quoteMint }))
    await run(settlement, accountId, landed(String(number), bought))
    const live = await stand.call('POST', '/v1/strategies', { strategyId, config: {} })
    assert.deepEqual([live.status, live.body.code], [409, 'strategy_state'])
    assert.equal((await step('pause')).body.state, 'Paused')
    assert.equal((await order('d')).body.code, 'halted')
    assert.equal((await order('e', { side: 'sell', quantity: '0.5' })).status, 201)
    assert.equal((await step('stop')).body.state, 'Stopped')
    assert.equal((await step('start', {})).status, 409)
    const shown = (await stand.call('GET', `/v1/strategies/${strategyId}`)).body.data as { state: string; config: unknown }
    assert.deepEqual([shown.state, shown.config], ['Stopped', config])
    assert.equal((await stand.call('POST', '/v1/strategies/none/start', {})).status, 404)
    assert.equal((await stand.call('POST', '/v1/strategies', { strategyId: 'x', config: { symbols: ['NO/SUCH'] } })).status, 422)
    assert.equal((await stand.call('POST', '/v1/strategies', { strategyId: 'x', config: {} }, 'analyst')).status, 403)
  })

  it('an order of a Paper strategy is refused, and told what would be decided about it; its preview appends nothing', async () => {
    const strategyId = `p-${Date.now().toString(36)}`
    const accountId = await account()
    const step = (action: string, body?: unknown) => stand.call('POST', `/v1/strategies/${strategyId}/${action}`, body)
    await stand.call('POST', '/v1/strategies', { strategyId, config: {} })
    const terms = { accountId, symbol: 'SOL/USDC', side: 'buy', type: 'limit', timeInForce: 'gtc', quantity: '1', price: '50', strategyId }
    const preview = async (change: Record<string, unknown> = {}) => {
      stand.market.mid = { price: '100', sourceId: 'test', time: Date.now() }
      return (await stand.call('POST', '/v1/orders/preview', { ...terms, clOrdId: 'v', ...change })).body.data as Record<string, unknown>
    }
    assert.deepEqual([(await preview()).ordStatus, (await preview()).paper], ['Rejected', undefined], 'a Draft is no paper')
    await step('start', { to: 'Paper' })
    const events = (await eventsOf(store, accountId)).length
    const reserved = { asset: 'USDC', amount: '50' }
    assert.deepEqual(await preview(), { paper: true, ordStatus: 'New', reserved })
    const poor = await preview({ quantity: '100' })
    assert.deepEqual([poor.paper, poor.ordStatus, poor.code], [true, 'Rejected', 'insufficient_funds'])
    stand.market.route = 'none'
    const nowhere = await preview({ type: 'market', timeInForce: 'ioc', price: undefined })
    assert.deepEqual([nowhere.paper, nowhere.code], [true, 'no_route'])
    stand.market.route = 'available'
    assert.equal((await eventsOf(store, accountId)).length, events)

    const refused = await place(accountId, { ...terms, clOrdId: 'a' })
    assert.deepEqual([refused.status, refused.body.code, (refused.body.why as { value: string }).value], [422, 'halted', 'Paper'])
    assert.deepEqual(refused.body.paper, { ordStatus: 'New', reserved })
    const again = await place(accountId, { ...terms, clOrdId: 'a' })
    assert.deepEqual([again.status, again.body.orderId], [422, refused.body.orderId])
    assert.equal((await eventsOf(store, accountId)).length, events + 1, 'the refusal, once')
    // whatever else is in force counts on paper too
    await operate('POST', `/v1/controls/${encodeURIComponent(`account:${accountId}`)}/halt`, { reason: 'a drill' })
    const halted = await preview()
    assert.deepEqual([halted.paper, halted.code, (halted.why as { scope: string }).scope], [true, 'halted', `account:${accountId}`])
    await step('start', {})
    assert.equal((await preview()).paper, undefined)
  })

  it('refuses an asset that another instrument has otherwise, and another mint', async () => {
    const other = await operate('POST', '/v1/instruments', { symbol: 'SOL/USDC', quoteDecimals: 8 })
    assert.deepEqual([other.status, (other.body.errors as { field: string }[])[0]?.field], [400, 'quoteDecimals'])
    const moved = await operate('POST', '/v1/instruments', { symbol: 'SOL/USDC', baseMint: MINT })
    assert.deepEqual([moved.status, (moved.body.errors as { field: string }[])[0]?.field], [400, 'baseMint'])
  })

  it('refuses a schedule of an instrument that is not there, and from a key without the scope', async () => {
    const unknown = await define([{ tier: 0, bps: 1 }], 'NO/SUCH')
    assert.deepEqual([unknown.status, unknown.body.code], [422, 'unknown_symbol'])
    assert.equal((await stand.call('POST', '/v1/fee-schedules', { symbol: 'SOL/USDC', tiers: [{ tier: 0, bps: 1 }] })).status, 403)
  })
})
