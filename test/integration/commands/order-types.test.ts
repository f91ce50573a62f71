import assert from 'node:assert/strict'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { eventStoreUrl } from '../../support/services.ts'
import { usdc } from '../../unit/commands/account-story.ts'
import { type HttpStand, httpStand } from './http-stand.ts'
import { newAccountId, openFunded, openStore } from './write-side.ts'

describe('order types over HTTP', function () {
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
    stand.market.routesAsked = 0
  })

  const post = async (o: Record<string, unknown>) => {
    const { status, body } = await stand.call('POST', '/v1/orders', {
      accountId,
      clOrdId: 'c',
      symbol: 'SOL/USDC',
      side: 'buy',
      quantity: '1',
      ...o,
    })
    return { status, body }
  }

  it('takes a stop, which rests without price or route', async () => {
    stand.market.mid = undefined
    const { status, body } = await post({ type: 'stop', stopPrice: '200', timeInForce: 'gtc' })
    assert.deepEqual([status, body.ordStatus, body.stopPrice, body.price], [201, 'New', '200', undefined])
    assert.equal(stand.market.routesAsked, 0)
  })

  it('takes a trailing stop, whose first stop price is its offset behind mid; without a mid it is not ready', async () => {
    const trailing = { type: 'trailing_stop', trailingOffsetBps: 100, timeInForce: 'gtc' }
    const { status, body } = await post(trailing)
    assert.deepEqual([status, body.stopPrice, body.trailingOffsetBps], [201, '151.5', 100])
    stand.market.mid = undefined
    assert.equal((await post({ ...trailing, clOrdId: 'd' })).status, 503)
  })

  it('takes gtd and day, and tells the deadline', async () => {
    const gtd = await post({ type: 'limit', price: '100', timeInForce: 'gtd', expireTime: '2100-01-01T01:00:00+01:00', strategyId: 's-1' })
    assert.deepEqual([gtd.status, gtd.body.expireTime, gtd.body.strategyId], [201, '2100-01-01T00:00:00.000Z', 's-1'])
    const day = await post({ clOrdId: 'd', type: 'limit', price: '100', timeInForce: 'day' })
    assert.match(String(day.body.expireTime), /T00:00:00.000Z$/)
  })

  it('refuses a reduce-only order without a position to reduce, and says why', async () => {
    const { status, body } = await post({ type: 'limit', price: '100', timeInForce: 'day', reduceOnly: true })
    assert.deepEqual([status, body.code, body.why], [422, 'limit_breached', { rule: 'reduce_only' }])
  })

  it('refuses a post-only order that meets the market, on record', async () => {
    const { status, body } = await post({ type: 'limit', price: '151', timeInForce: 'gtc', postOnly: true })
    assert.deepEqual([status, body.code, body.orderId], [422, 'limit_breached', `${accountId}.1`])
    assert.equal((await post({ clOrdId: 'd', type: 'limit', price: '149', timeInForce: 'gtc', postOnly: true })).status, 201)
  })

  it('arms and disarms the dead-man switch', async () => {
    const armed = await stand.call('PUT', '/v1/dead-man-switch', { accountId, timeoutMs: 60_000 })
    assert.equal(armed.status, 200)
    assert.ok(Date.parse(String(armed.body.deadline)) > Date.now() + 50_000)
    const off = await stand.call('PUT', '/v1/dead-man-switch', { accountId, timeoutMs: 0 })
    assert.deepEqual([off.status, off.body.deadline], [200, null])
    assert.equal((await stand.call('PUT', '/v1/dead-man-switch', { accountId: newAccountId(), timeoutMs: 0 })).status, 404)
    assert.equal((await stand.call('PUT', '/v1/dead-man-switch', { accountId, timeoutMs: 5 })).status, 400)
  })
})
