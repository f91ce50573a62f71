import assert from 'node:assert/strict'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { eventStoreUrl } from '../../support/services.ts'
import { expired, signed, usdc } from '../../unit/commands/account-story.ts'
import { type HttpStand, httpStand } from './http-stand.ts'
import { eventsOf, newAccountId, openFunded, openStore, run } from './write-side.ts'

describe('requests on orders over HTTP', function () {
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
  })

  const order = (o: Record<string, unknown> = {}) => ({
    ...{ accountId, clOrdId: 'c', symbol: 'SOL/USDC', side: 'buy', type: 'limit', price: '100', quantity: '2', timeInForce: 'gtc' },
    ...o,
  })
  const post = (o: Record<string, unknown> = {}) => stand.call('POST', '/v1/orders', order(o))
  const patch = (body: Record<string, unknown>, n = 1) => stand.call('PATCH', `/v1/orders/${accountId}.${n}`, body)

  it('replaces at once: 200 with the new terms, again 200, another request under its id 409', async () => {
    await post()
    const done = await patch({ clOrdId: 'r', quantity: '3', price: '90' })
    assert.deepEqual(
      [done.status, done.body.orderQty, done.body.price, done.body.clOrdId, done.body.lastClOrdId],
      [200, '3', '90', 'c', 'r'],
    )
    const before = (await eventsOf(store, accountId)).length
    assert.equal((await patch({ clOrdId: 'r', quantity: '3', price: '90' })).status, 200)
    const other = await patch({ clOrdId: 'r', quantity: '4' })
    assert.deepEqual([other.status, other.body.code, other.body.cxlRejReason], [409, 'duplicate_cl_ord_id', 'DuplicateClOrdID'])
    assert.equal((await eventsOf(store, accountId)).length, before)
  })

  it('refuses on record what the funds do not cover, and names the field that is finer than its step', async () => {
    await post()
    const poor = await patch({ clOrdId: 'r', quantity: '300' })
    assert.deepEqual([poor.status, poor.body.code, poor.body.orderId], [422, 'insufficient_funds', `${accountId}.1`])
    const again = await patch({ clOrdId: 'r', quantity: '300' })
    assert.deepEqual([again.status, again.body.code, again.body.cxlRejReason], [422, 'insufficient_funds', 'BrokerOption'])
    const fine = await patch({ clOrdId: 'r-2', price: '100.00001' })
    assert.deepEqual([fine.status, (fine.body.errors as { field: string }[])[0]?.field], [400, 'price'])
    assert.equal((await patch({ clOrdId: 'r-3' })).status, 400)
    assert.equal((await patch({ clOrdId: 'r-3', price: '5' }, 9)).status, 404)
    await stand.call('DELETE', `/v1/orders/${accountId}.1`)
    const late = await patch({ clOrdId: 'r-4', price: '5' })
    assert.deepEqual([late.status, late.body.cxlRejReason], [409, 'TooLateToCancel'])
  })

  it('waits for the open transaction, can be withdrawn, and is decided when it ends', async () => {
    stand.market.mid = { price: '100', sourceId: 'test', time: Date.now() }
    await post({ type: 'market', timeInForce: 'ioc', price: undefined })
    await run(stand.role.handler, accountId, signed('1'))
    assert.equal((await patch({ clOrdId: 'r', quantity: '1' })).body.ordStatus, 'PendingReplace')
    const cancel = await stand.call('DELETE', `/v1/orders/${accountId}.1?clOrdId=k`)
    assert.deepEqual([cancel.status, cancel.body.ordStatus], [200, 'PendingCancel'])
    const back = await stand.call('DELETE', `/v1/orders/${accountId}.1/requests/k`)
    assert.deepEqual([back.status, back.body.ordStatus], [200, 'PendingReplace'])
    assert.equal((await stand.call('DELETE', `/v1/orders/${accountId}.1/requests/k`)).status, 404)
    await run(stand.role.handler, accountId, expired('1'))
    const types = (await eventsOf(store, accountId)).map(({ type }) => type)
    assert.deepEqual(types.slice(-2), ['TransactionExpired', 'OrderReplaced'])
  })

  it('cancels by filter, in one append', async () => {
    await post({ clOrdId: 'a', strategyId: 's' })
    await post({ clOrdId: 'b' })
    await post({ clOrdId: 'c', quantity: '1' })
    const mass = (query: string) => stand.call('DELETE', `/v1/orders?accountId=${accountId}${query}`)
    const one = await mass('&strategyId=s')
    assert.deepEqual([one.status, one.body.orders], [200, [{ orderId: `${accountId}.1`, ordStatus: 'Canceled' }]])
    assert.deepEqual((await mass('&side=sell')).body.orders, [])
    assert.equal(((await mass('&symbol=SOL/USDC&side=buy')).body.orders as unknown[]).length, 2)
    assert.deepEqual((await mass('')).body.orders, [])
    assert.equal((await stand.call('DELETE', `/v1/orders?accountId=${newAccountId()}`)).status, 404)
  })

  it('takes a list whole or not at all, and answers it again', async () => {
    const leg = (o: Record<string, unknown>) => ({ side: 'buy', type: 'limit', quantity: '1', timeInForce: 'gtc', ...o })
    const legs = [leg({ clOrdId: 'a', price: '100' }), leg({ clOrdId: 'b', type: 'stop', stopPrice: '200' })]
    const lists = (o: Record<string, unknown> = {}) =>
      stand.call('POST', '/v1/order-lists', { accountId, listId: 'L', kind: 'oco', symbol: 'SOL/USDC', orders: legs, ...o })
    const first = await lists()
    assert.equal(first.status, 201, JSON.stringify(first.body))
    const orders = first.body.orders as Record<string, unknown>[]
    assert.deepEqual(
      orders.map(({ orderId, listId, leg, ordStatus }) => [orderId, listId, leg, ordStatus]),
      [0, 1].map((n) => [`${accountId}.${n + 1}`, 'L', n, 'New']),
    )
    assert.equal((await lists()).status, 200)
    assert.equal((await lists({ orders: [legs[0], leg({ clOrdId: 'b', price: '1' })] })).status, 409)
    const poor = await lists({ listId: 'P', orders: [leg({ clOrdId: 'p', price: '100' }), leg({ clOrdId: 'q', price: '5000' })] })
    assert.deepEqual([poor.status, poor.body.code], [422, 'insufficient_funds'])
    const bad: [string, Record<string, unknown>][] = [
      ['orders.1.price', { orders: [legs[0], leg({ clOrdId: 'x' })] }],
      ['orders.1.side', { orders: [legs[0], leg({ clOrdId: 'x', side: 'sell', price: '1' })] }],
      ['orders.0.timeInForce', { orders: [leg({ clOrdId: 'x', price: '1', timeInForce: 'ioc' }), legs[1]] }],
      ['orders', { kind: 'bracket' }],
      ['orders', { orders: [legs[0], legs[0]] }],
    ]
    for (const [field, change] of bad) {
      const { status, body } = await lists({ listId: 'B', ...change })
      assert.deepEqual([status, (body.errors as { field: string }[])[0]?.field], [400, field], JSON.stringify(body))
    }
    const gone = await stand.call('DELETE', `/v1/orders?accountId=${accountId}&listId=L`)
    assert.equal((gone.body.orders as unknown[]).length, 2)
  })

  it('previews an order by the same decision and appends nothing', async () => {
    const before = (await eventsOf(store, accountId)).length
    const preview = (o: Record<string, unknown> = {}) => stand.call('POST', '/v1/orders/preview', order(o))
    assert.deepEqual((await preview()).body, { data: { ordStatus: 'New', reserved: { asset: 'USDC', amount: '200' } } })
    const poor = (await preview({ quantity: '300' })).body.data as Record<string, unknown>
    assert.deepEqual([poor.ordStatus, poor.code], ['Rejected', 'insufficient_funds'])
    stand.market.route = 'none'
    const nowhere = (await preview({ type: 'market', timeInForce: 'ioc', price: undefined })).body.data as Record<string, unknown>
    assert.deepEqual([nowhere.ordStatus, nowhere.code], ['Rejected', 'no_route'])
    assert.equal((await preview({ accountId: newAccountId() })).status, 404)
    assert.equal((await eventsOf(store, accountId)).length, before)
    await post()
    assert.equal((await preview()).body.code, 'duplicate_cl_ord_id')
  })
})
