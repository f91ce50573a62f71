import assert from 'node:assert/strict'
import { placeListRoute } from '../../../src/commands/routes/place-list.ts'

describe('the body of an order list', () => {
  const leg = { clOrdId: 'c-1', side: 'sell', type: 'limit', timeInForce: 'gtc', quantity: '1', price: '200' }
  const faultsOf = async (...orders: readonly Record<string, unknown>[]) => {
    const route = placeListRoute({ instruments: { bySymbol: () => undefined } } as never)
    const body = { accountId: 'a', listId: 'l', kind: 'oco', symbol: 'SOL/USDC', orders }
    const reply = await route.handle({ body } as never)
    assert('refusal' in reply)
    return reply.refusal.errors ?? []
  }

  it('names each wrong field of a leg', async () => {
    const faults = await faultsOf({ ...leg, quantity: 1 }, { ...leg, clOrdId: 'c-2', Quantity: '1' })
    assert.deepEqual(
      faults.map(({ field }) => field),
      ['orders.0.quantity', 'orders.1.Quantity'],
    )
    assert.equal(faults[1]?.reason, 'unknown field')
  })
  it('does not give back all that a client made up', async () => {
    const made = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`field-${n}-${'x'.repeat(100)}`, 1]))
    const faults = await faultsOf({ ...leg, ...made }, { ...leg, clOrdId: 'c-2' })
    assert(faults.length <= 20, String(faults.length))
    assert(JSON.stringify(faults).length < 5_000)
  })
})
