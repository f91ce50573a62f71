import assert from 'node:assert/strict'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { eventStoreUrl } from '../../support/services.ts'
import { signed, usdc } from '../../unit/commands/account-story.ts'
import { type HttpStand, httpStand } from './http-stand.ts'
import { eventsOf, newAccountId, openFunded, openStore, run } from './write-side.ts'

describe('the write side over HTTP', function () {
  this.timeout(30_000)
  let store: EventStore
  let stand: HttpStand
  let accountId: string
  before(async () => {
    store = await openStore(await eventStoreUrl())
    stand = await httpStand(store)
  })
  after(async () => {
    await stand.close()
    await store.close()
  })
  beforeEach(async () => {
    accountId = newAccountId()
    await openFunded(stand.role.handler, accountId, usdc(1_000))
    stand.market.mid = { price: '150', sourceId: 'test', time: Date.now() }
    stand.market.route = 'available'
    stand.market.routesAsked = 0
  })

  const order = (o: Record<string, unknown> = {}): Record<string, unknown> => ({
    accountId,
    clOrdId: 'c-1',
    symbol: 'SOL/USDC',
    side: 'buy',
    type: 'market',
    quantity: '1.5',
    timeInForce: 'ioc',
    ...o,
  })
  const resting = (o: Record<string, unknown> = {}) => order({ type: 'limit', price: '100', timeInForce: 'gtc', ...o })
  const post = (body: unknown, key?: string) => stand.call('POST', '/v1/orders', body, key)
  const revision = async (): Promise<number> => (await eventsOf(store, accountId)).length

  it('opens an account, 201, then 200 with the first answer', async () => {
    const fresh = newAccountId()
    const made = await stand.call('POST', '/v1/accounts', { accountId: fresh })
    assert.deepEqual([made.status, Object.keys(made.body).sort()], [201, ['accountId', 'position']])
    assert.deepEqual(await stand.call('POST', '/v1/accounts', { accountId: fresh }), { ...made, status: 200 })
    assert.equal((await stand.call('POST', '/v1/accounts', { accountId: 'house' })).status, 400)
    assert.equal((await stand.call('POST', '/v1/accounts', { accountId: fresh }, 'stranger')).status, 403)
  })

  it('takes a deposit, 201, then 200; other terms 409', async () => {
    const path = `/v1/accounts/${accountId}/deposits`
    const body = { depositId: 'd-1', asset: 'USDC', amount: '12.5' }
    const first = await stand.call('POST', path, body)
    assert.deepEqual([first.status, first.body.depositId, first.body.status], [201, 'd-1', 'requested'])
    await run(stand.role.handler, accountId, signed('d-d-1', 1, 'deposit'))
    assert.deepEqual(await stand.call('POST', path, { ...body, amount: '12.50' }), { ...first, status: 200 })
    assert.equal((await stand.call('POST', path, { ...body, amount: '5' })).body.code, 'duplicate_deposit_id')
    assert.equal((await stand.call('POST', path, { ...body, depositId: 'd-2', asset: 'DOGE' })).body.code, 'unknown_asset')
    assert.equal((await stand.call('POST', `/v1/accounts/${newAccountId()}/deposits`, { ...body, asset: 'DOGE' })).status, 404)
    const fine = await stand.call('POST', path, { ...body, depositId: 'd-3', amount: '0.0000001' })
    assert.deepEqual([fine.status, (fine.body.errors as { field: string }[])[0]?.field], [400, 'amount'])
  })

  it('places a market order after a preview and a route, and answers the same again', async () => {
    const first = await post(order())
    assert.equal(first.status, 201)
    const { position, ...rest } = first.body
    assert.match(String(position), /^\d+$/)
    assert.deepEqual(rest, {
      orderId: `${accountId}.1`,
      accountId,
      clOrdId: 'c-1',
      symbol: 'SOL/USDC',
      side: 'buy',
      type: 'market',
      timeInForce: 'ioc',
      ordStatus: 'New',
      orderQty: '1.5',
      cumQty: '0',
      leavesQty: '1.5',
      avgPx: '0',
    })
    assert.equal(stand.market.routesAsked, 1)
    assert.deepEqual(await post(order({ quantity: '1.50' })), { ...first, status: 200 })
    assert.equal(stand.market.routesAsked, 1, 'a repetition asks for no route')
    assert.equal((await post(order({ quantity: '2' }))).body.code, 'duplicate_cl_ord_id')
    assert.equal((await post(order({ symbol: 'NO/SUCH' }))).body.code, 'duplicate_cl_ord_id', '409 before 422')
  })

  it('answers an order by cash with its cash', async () => {
    const { quantity: _none, ...terms } = order()
    const { status, body } = await post({ ...terms, cashOrderQty: '50' })
    assert.deepEqual([status, body.cashOrderQty, body.orderQty, body.leavesQty], [201, '50', null, null])
  })

  it('places a resting order without asking for price or route', async () => {
    stand.market.mid = undefined
    const { status, body } = await post(resting())
    assert.deepEqual([status, body.ordStatus, body.price], [201, 'New', '100'])
    assert.equal(stand.market.routesAsked, 0)
  })

  it('refuses at mid before it asks for a route, and records it once', async () => {
    stand.market.route = 'none'
    const poor = await post(order({ quantity: '100' }))
    assert.deepEqual([poor.status, poor.body.code, poor.body.orderId], [422, 'insufficient_funds', `${accountId}.1`])
    assert.match(poor.contentType, /problem\+json/)
    assert.equal(stand.market.routesAsked, 0)
    const before = await revision()
    const again = await post(order({ quantity: '100' }))
    assert.deepEqual(
      [again.status, again.body.code, again.body.orderId, again.body.detail],
      [422, 'insufficient_funds', `${accountId}.1`, poor.body.detail],
    )
    assert.equal(await revision(), before)
    const noRoute = await post(order({ clOrdId: 'c-2' }))
    assert.deepEqual([noRoute.status, noRoute.body.code, noRoute.body.orderId], [422, 'no_route', `${accountId}.2`])
  })

  it('is not ready, and appends nothing, without a fresh price or an answer about the route', async () => {
    const before = await revision()
    stand.market.mid = undefined
    assert.deepEqual([(await post(order())).status], [503])
    stand.market.mid = { price: '150', sourceId: 'test', time: Date.now() - 2_500 }
    assert.deepEqual([(await post(order())).body.code], ['not_ready'])
    stand.market.mid = { price: '150', sourceId: 'test', time: Date.now() }
    stand.market.route = 'unavailable'
    assert.deepEqual([(await post(order())).body.code], ['not_ready'])
    assert.equal(await revision(), before)
  })

  it('cancels: 200 with the order, again 200, ended otherwise 409', async () => {
    const { body } = await post(resting())
    const path = `/v1/orders/${body.orderId}`
    const gone = await stand.call('DELETE', path)
    assert.deepEqual([gone.status, gone.body.ordStatus, gone.body.leavesQty, gone.body.text], [200, 'Canceled', '0', 'USER_REQUESTED'])
    const again = await stand.call('DELETE', path)
    assert.deepEqual([again.status, again.body], [200, gone.body])
    await post(order({ clOrdId: 'c-2' }))
    await run(stand.role.handler, accountId, signed('2'))
    const pending = await stand.call('DELETE', `/v1/orders/${accountId}.2`)
    assert.deepEqual([pending.status, pending.body.ordStatus], [200, 'PendingCancel'])
    await post(order({ clOrdId: 'c-3', quantity: '100' }))
    assert.deepEqual([(await stand.call('DELETE', `/v1/orders/${accountId}.3`)).body.code], ['too_late_to_cancel'])
    assert.equal((await stand.call('DELETE', `/v1/orders/${accountId}.9`)).status, 404)
    assert.equal((await stand.call('DELETE', '/v1/orders/nonsense')).status, 400)
    assert.equal((await stand.call('DELETE', path, undefined, 'stranger')).status, 403)
  })

  it('tells of an operation whether it was applied', async () => {
    const { body } = await post(resting({ clOrdId: 'op' }))
    const events = await eventsOf(store, accountId)
    const before = events.findIndex((e) => e.type === 'OrderAccepted') - 1
    const show = async (id: string) => (await stand.call('GET', `/v1/operations/${id}`)).body
    const done = `${accountId}.${before}.o-op`
    assert.deepEqual(await show(done), { operationId: done, outcome: 'done', position: body.position, orderId: body.orderId })
    assert.equal((await show(`${accountId}.${before}.o-other`)).outcome, 'not_applied')
    assert.equal((await show(`${accountId}.${events.length - 1}.o-other`)).outcome, 'unknown')
    assert.equal((await show(`${newAccountId()}.-1.open`)).outcome, 'unknown')
    assert.equal((await stand.call('GET', '/v1/operations/nonsense')).status, 400)
    assert.equal((await stand.call('GET', `/v1/operations/${done}`, undefined, 'stranger')).status, 403)
  })

  const malformed: [field: string, change: Record<string, unknown>][] = [
    ['quantity', { quantity: 1.5 }],
    ['quantity', { quantity: '-1' }],
    ['quantity', { quantity: '0' }],
    ['quantity', { quantity: '0.000' }],
    ['quantity', { quantity: '1e3' }],
    ['quantity', { quantity: '+1' }],
    ['quantity', { quantity: '01' }],
    ['quantity', { quantity: 'NaN' }],
    ['quantity', { quantity: '9'.repeat(21) }],
    ['quantity', { quantity: `0.${'0'.repeat(18)}1` }],
    ['quantity', { quantity: '1.0000001' }], // finer than the lot
    ['quantity', { quantity: undefined }],
    ['cashOrderQty', { cashOrderQty: '5' }],
    ['cashOrderQty', { quantity: undefined, cashOrderQty: '5.0000001' }],
    ['price', { price: '100' }],
    ['price', { type: 'limit', timeInForce: 'gtc' }],
    ['price', { type: 'limit', timeInForce: 'gtc', price: '100.00001' }], // finer than the tick
    ['cashOrderQty', { type: 'limit', timeInForce: 'gtc', price: '1', quantity: undefined, cashOrderQty: '5' }],
    ['timeInForce', { timeInForce: 'gtc' }],
    ['timeInForce', { timeInForce: 'day' }],
    ['timeInForce', { timeInForce: undefined }],
    ['type', { type: 'iceberg' }],
    ['stopPrice', { type: 'stop', timeInForce: 'gtc' }],
    ['price', { type: 'stop', timeInForce: 'gtc', stopPrice: '5', price: '5' }],
    ['price', { type: 'stop_limit', timeInForce: 'gtc', stopPrice: '5' }],
    ['trailingOffset', { type: 'trailing_stop', timeInForce: 'gtc' }],
    ['trailingOffset', { type: 'trailing_stop', timeInForce: 'gtc', trailingOffset: '1', trailingOffsetBps: 5 }],
    ['trailingOffsetBps', { trailingOffsetBps: 5 }],
    ['expireTime', { type: 'limit', price: '5', timeInForce: 'gtd' }],
    ['expireTime', { type: 'limit', price: '5', timeInForce: 'gtd', expireTime: '2020-01-01T00:00:00Z' }],
    ['expireTime', { type: 'limit', price: '5', timeInForce: 'gtd', expireTime: 'tomorrow' }],
    ['expireTime', { expireTime: '2100-01-01T00:00:00Z' }],
    ['postOnly', { postOnly: true }],
    ['side', { side: 'BUY' }],
    ['symbol', { symbol: 7 }],
    ['clOrdId', { clOrdId: 'a.b' }],
    ['clOrdId', { clOrdId: '' }],
    ['clOrdId', { clOrdId: 'x'.repeat(49) }],
    ['accountId', { accountId: { $ne: 1 } }],
    ['accountId', { accountId: 'house' }],
    ['maxSlippageBps', { maxSlippageBps: 10_001 }],
    ['maxSlippageBps', { maxSlippageBps: '5' }],
    ['stopPrice', { stopPrice: '5' }],
    ['unknownField', { unknownField: 1 }],
  ]
  it('names the wrong field of a malformed order and appends nothing', async () => {
    const before = await revision()
    for (const [field, change] of malformed) {
      const { status, body } = await post(order(change))
      const fields = (body.errors as { field: string }[] | undefined)?.map((e) => e.field)
      assert.ok(
        status === 400 && body.code === 'invalid_request' && fields?.includes(field),
        `${JSON.stringify(change)} → ${status} ${JSON.stringify(body)}`,
      )
    }
    assert.equal(await revision(), before)
  })

  it('refuses in the order of the contract', async () => {
    const absent = newAccountId()
    const problem = async (body: unknown, key?: string) => (await post(body, key)).body.code
    assert.equal(await problem(order({ quantity: 'x' }), 'analyst'), 'forbidden', 'scope before body')
    assert.equal(await problem(order({ quantity: 'x' }), 'stranger'), 'invalid_request', 'body before grant')
    assert.equal(await problem(order({ accountId: absent, symbol: 'NO/SUCH' }), 'stranger'), 'forbidden', 'grant before existence')
    assert.equal(await problem(order({ accountId: absent, symbol: 'NO/SUCH' })), 'not_found', 'existence before symbol')
    assert.equal(await problem(order({ accountId: absent })), 'not_found')
    assert.equal(await problem(order({ symbol: 'NO/SUCH' })), 'unknown_symbol')
  })
})
