import assert from 'node:assert/strict'
import type { AlgoRequest } from '../../../src/commands/algo/algo-state.ts'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n

describe('algos on the embedded chain', function () {
  this.timeout(90_000)
  let stand: Stand
  before(async () => {
    stand = await openStand()
    await stand.setPrice('SOL/USDC', '150')
  })
  after(() => stand.close())

  const all = async <T extends AccountEvent['type']>(accountId: string, type: T) =>
    (await stand.events(accountId)).flatMap((event) =>
      event.type === type ? [event.data as Extract<AccountEvent, { type: T }>['data']] : [],
    )
  const start = (accountId: string, over: Partial<AlgoRequest>) =>
    stand.command(accountId, {
      type: 'StartAlgo',
      request: {
        ...{ algoId: 'algo', side: 'buy', quantity: SOL, lotSize: 1_000n, price: null, maxSlippageBps: 200, strategyId: null },
        ...{ plan: { kind: 'twap', slices: 5, intervalMs: 1_000 }, instrument: stand.instruments.bySymbol('SOL/USDC')! },
        ...over,
      },
    })
  const ended = (accountId: string, seconds = 40) => until(async () => (await all(accountId, 'AlgoEnded'))[0], seconds)
  const slicesOf = async (accountId: string) => (await all(accountId, 'OrderAccepted')).map(({ clOrdId }) => clOrdId)

  it('executes a TWAP in its slices, each once, though workers come, go and run side by side', async () => {
    const worker = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    await start(accountId, {})
    await until(async () => (await slicesOf(accountId)).length === 1)
    // a worker that has lost its leases without noticing still offers what it had planned
    const rivals = await Promise.all([stand.startWorker(), stand.startWorker()])
    await until(async () => (await slicesOf(accountId)).length === 2)
    await worker.close()
    await until(async () => (await slicesOf(accountId)).length === 3)
    await rivals[0]!.close()
    const end = await ended(accountId)
    assert.deepEqual([end.status, end.executed], ['Completed', String(SOL)])
    assert.deepEqual(
      await slicesOf(accountId),
      [0, 1, 2, 3, 4].map((n) => `algo-${n}`),
    )
    const state = await stand.state(accountId)
    assert.equal(settled(state, 'SOL'), SOL)
    assert.equal((await stand.chainBalances(accountId)).SOL, SOL)
    const began = (await all(accountId, 'AlgoStarted'))[0]!.at
    for (const [n, { at }] of (await all(accountId, 'OrderAccepted')).entries()) assert(at >= began + n * 1_000)
    await rivals[1]!.close()
  })

  it('shows an iceberg slice by slice, and cancels the one that rests', async () => {
    const worker = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    await start(accountId, { price: '152', plan: { kind: 'iceberg', displayQty: String(SOL / 2n) } })
    const end = await ended(accountId)
    assert.deepEqual([end.status, end.executed], ['Completed', String(SOL)])
    assert.deepEqual(await slicesOf(accountId), ['algo-0', 'algo-1'])

    await start(accountId, { algoId: 'deep', price: '100', plan: { kind: 'iceberg', displayQty: String(SOL / 2n) } })
    await until(async () => (await slicesOf(accountId)).includes('deep-0'))
    await stand.command(accountId, { type: 'CancelAlgo', algoId: 'deep' })
    const canceled = (await all(accountId, 'AlgoEnded')).find(({ algoId }) => algoId === 'deep')
    assert.equal(canceled?.status, 'Canceled')
    const state = await stand.state(accountId)
    assert.equal(state.balances.get('USDC')?.reserved, 0n)
    assert.equal(state.algos.size, 0)
    await worker.close()
  })
})
