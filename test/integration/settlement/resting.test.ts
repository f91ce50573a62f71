import assert from 'node:assert/strict'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n

describe('orders that wait for a price or a time', function () {
  this.timeout(90_000)
  let stand: Stand
  before(async () => {
    stand = await openStand()
  })
  after(() => stand.close())
  beforeEach(async () => {
    await stand.setPrice('SOL/USDC', '150')
    await until(async () => Math.abs(Number(stand.mid('SOL/USDC')) - 150) < 0.5)
  })

  const all = async <T extends AccountEvent['type']>(accountId: string, type: T) =>
    (await stand.events(accountId)).flatMap((event) =>
      event.type === type ? [event.data as Extract<AccountEvent, { type: T }>['data']] : [],
    )
  const quiet = () => new Promise((resolve) => setTimeout(resolve, 400))

  it('triggers a stop by a cited quote and sells at the market, once', async () => {
    const worker = await stand.startWorker()
    const accountId = await stand.openAccount({ SOL: 3n * SOL })
    const number = await stand.place(accountId, { type: 'stop', side: 'sell', timeInForce: 'gtc', stopPrice: '145', orderQty: SOL })
    await quiet()
    assert.equal((await all(accountId, 'OrderTriggered')).length, 0)
    await stand.setPrice('SOL/USDC', '144')
    assert.equal((await stand.ended(accountId, number)).type, 'TradeBooked')
    const [triggered, ...more] = await all(accountId, 'OrderTriggered')
    assert.equal(more.length, 0)
    assert(Number(triggered!.trigger.price) <= 145)
    assert.match(triggered!.trigger.sourceId, /^venue:\d+$/)
    assert.equal(settled(await stand.state(accountId), 'SOL'), 2n * SOL)
    await worker.close()
  })

  it('lets a triggered stop_limit rest at its limit', async () => {
    const worker = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const number = await stand.place(accountId, {
      ...{ type: 'stop_limit', side: 'buy', timeInForce: 'gtc', stopPrice: '155', price: '156', orderQty: SOL },
    })
    await stand.setPrice('SOL/USDC', '170')
    await until(async () => (await all(accountId, 'OrderTriggered')).length > 0)
    await quiet()
    assert.equal((await stand.state(accountId)).orders.get(number)?.ordStatus, 'New')
    await stand.setPrice('SOL/USDC', '152')
    const end = await stand.ended(accountId, number)
    assert(end.type === 'TradeBooked' && BigInt(end.data.lastQuote) <= 156n * USDC)
    await worker.close()
  })

  it('ratchets a trailing stop, keeps the peak over a restart of settlement, and sells on the way down', async () => {
    const first = await stand.startWorker()
    const accountId = await stand.openAccount({ SOL: 2n * SOL })
    const number = await stand.place(accountId, {
      ...{ type: 'trailing_stop', side: 'sell', timeInForce: 'gtc', orderQty: SOL, trailingOffset: { kind: 'price', value: '5' } },
    })
    await stand.setPrice('SOL/USDC', '160')
    await until(async () => Number((await stand.state(accountId)).orders.get(number)?.peak) > 159)
    await first.close()
    const before = (await stand.state(accountId)).orders.get(number)!
    const second = await stand.startWorker()
    // above the stop that the first worker had moved, below where it stood at first
    await stand.setPrice('SOL/USDC', '157')
    await quiet()
    const held = (await stand.state(accountId)).orders.get(number)!
    assert.deepEqual([held.peak, held.stopPrice, held.ordStatus], [before.peak, before.stopPrice, 'New'])
    await stand.setPrice('SOL/USDC', '153')
    assert.equal((await stand.ended(accountId, number)).type, 'TradeBooked')
    for (const { citation } of await all(accountId, 'OrderTrailed')) assert.match(citation.sourceId, /^venue:/)
    await second.close()
  })

  it('expires a GTD order at its time, also after a restart, and gives all back', async () => {
    const first = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const expireAt = Date.now() + 2_500
    const number = await stand.place(accountId, { type: 'limit', timeInForce: 'gtd', price: '100', orderQty: SOL, expireAt })
    await first.close()
    const second = await stand.startWorker()
    const [expired] = await until(async () => {
      const found = await all(accountId, 'OrderExpired')
      return found.length > 0 && found
    })
    assert(expired!.at >= expireAt)
    assert.equal((await stand.state(accountId)).orders.has(number), false)
    assert.equal((await stand.state(accountId)).balances.get('USDC')?.available, 1_000n * USDC)
    await second.close()
  })

  it('lets a deadline wait for an open attempt, whose fill counts', async () => {
    const setUp = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    await setUp.close()
    // signs and records, but what it sends goes nowhere: the attempt stays open over the deadline
    const mute = await stand.startWorker((deps) => ({
      ...deps,
      chain: { ...deps.chain, send: async () => ({ accepted: [], failures: [] }) },
    }))
    const expireAt = Date.now() + 3_000
    const number = await stand.place(accountId, { type: 'limit', timeInForce: 'gtd', price: '155', orderQty: SOL, expireAt })
    await until(async () => (await all(accountId, 'OrderCancelRequested')).length > 0)
    const pending = (await stand.state(accountId)).orders.get(number)!
    assert.deepEqual([pending.ordStatus, pending.cancelText], ['PendingCancel', 'EXPIRED'])
    assert(pending.reserved.amount > 0n)
    await mute.close()
    const worker = await stand.startWorker()
    const end = await until(async () =>
      (await stand.events(accountId)).find(({ type }) => type === 'TradeBooked' || type === 'OrderExpired'),
    )
    // the recorded bytes were still valid: they land, and the fill is booked in spite of the deadline
    assert.equal(end.type, 'TradeBooked')
    await worker.close()
  })

  it('fires the dead-man switch: every resting order ends, and it stays off', async () => {
    const worker = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    for (let n = 0; n < 3; n++) await stand.place(accountId, { type: 'limit', timeInForce: 'gtc', price: '100', orderQty: SOL })
    await stand.command(accountId, { type: 'ArmDeadMan', timeoutMs: 1_500 })
    await until(async () => (await all(accountId, 'DeadManFired')).length > 0)
    const state = await stand.state(accountId)
    assert.equal(state.orders.size, 0)
    assert.equal(state.deadMan, undefined)
    await quiet()
    assert.equal((await all(accountId, 'DeadManFired')).length, 1)
    await worker.close()
  })
})
