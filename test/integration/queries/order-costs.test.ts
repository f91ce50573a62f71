import assert from 'node:assert/strict'
import {
  charged,
  funded,
  landed,
  limit,
  place,
  replace,
  request,
  signed,
  sol,
  swap,
  usdc,
  vanished,
} from '../../unit/commands/account-story.ts'
import { append } from '../projections/history.ts'
import { freshAccounts } from '../projections/read-side.ts'
import { openReadApi, type ReadApi } from './read-api.ts'

describe('costs and names of an order over HTTP', () => {
  const [one] = freshAccounts(1, 'costs') as [string]
  let api: ReadApi
  let position: string
  before(async function () {
    this.timeout(180_000)
    api = await openReadApi()
    await api.side.startProjector({ feed: api.feed })
    const s = funded(one)
    const costs = { fee: '15000', priorityFee: '10000', tip: '700', rent: '2039280' }
    s.does(charged(place(request({ clOrdId: 'a', side: 'sell' }))))
    s.does(signed('1'))
    s.does({ ...landed('1', swap(-sol(1), usdc(100))), ...costs } as ReturnType<typeof landed>)
    s.does(charged(place(request({ clOrdId: 'b' }))))
    s.does(signed('2'))
    s.does({ ...landed('2', swap(sol(1), -usdc(100))), ...costs } as ReturnType<typeof landed>)
    s.does(vanished('2'))
    s.does(place(request({ clOrdId: 'c' })))
    s.does(place(limit({ clOrdId: 'd' })))
    s.does(replace(4, 'd-2', { price: '90' }))
    s.does(replace(4, 'd-3', { price: '80' }))
    position = String(
      (
        await append(
          api.side.store,
          one,
          s.events.map((event) => [event]),
        )
      ).commit,
    )
  })
  after(() => api?.close())

  const costs = async (number: number) => (await api.get(`/v1/orders/${one}.${number}/costs?minPosition=${position}`)).body.data

  it('are the network costs in their parts, the trading fee with its schedule, and the total of each asset', async () => {
    assert.deepEqual(await costs(1), {
      orderId: `${one}.1`,
      network: { asset: 'SOL', baseFee: '0.000005', priorityFee: '0.00001', tip: '0.0000007', rent: '0.00203928', failedFees: '0' },
      tradingFee: { asset: 'USDC', amount: '0.25', bps: 25, tier: 1, schedule: { streamId: 'instrument-SOL/USDC', version: 2 } },
      total: [
        { asset: 'SOL', amount: '0.00205498' },
        { asset: 'USDC', amount: '0.25' },
      ],
    })
  })
  it('are nothing for an order whose transaction vanished, and for one that has not traded', async () => {
    const [busted, open] = [(await costs(2)) as Record<string, unknown>, (await costs(3)) as Record<string, unknown>]
    assert.deepEqual(busted.total, [{ asset: 'SOL', amount: '0' }])
    assert.equal((busted.tradingFee as { amount: string }).amount, '0')
    assert.deepEqual([open.tradingFee, open.total], [null, [{ asset: 'SOL', amount: '0' }]])
    assert.equal((await api.get(`/v1/orders/${one}.99/costs`)).status, 404)
  })

  it('and an order is found by every ClOrdID that it ever had', async () => {
    const found = async (clOrdId: string) => {
      const { status, body } = await api.get(`/v1/accounts/${one}/orders/by-client-id/${clOrdId}?minPosition=${position}`)
      return status === 200 ? (body.data as { orderId: string; lastClOrdId: string }) : status
    }
    for (const clOrdId of ['d', 'd-2', 'd-3']) {
      const order = await found(clOrdId)
      assert.ok(typeof order === 'object')
      assert.deepEqual([order.orderId, order.lastClOrdId], [`${one}.4`, 'd-3'])
    }
    assert.equal(await found('d-4'), 404)
  })
})
