import assert from 'node:assert/strict'
import { openStand, type Stand, settled, until } from './stand.ts'
import { deathOf, openWorkers, type Workers } from './workers.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n
const SLICES = 4
/** Far more than a slice takes: a worker that does not come to its border is a failure. */
const LONGEST_LIFE_MS = 60_000
/** Between which steps of an algo the workers die, one after the other. */
const DEATHS = ['before PlaceOrder', 'after PlaceOrder', 'after RecordSigned', 'before EndAlgo'] as const

describe('kill -9 of settlement between any two steps of an algo', function () {
  this.timeout(240_000)
  let stand: Stand
  let workers: Workers
  before(async () => {
    stand = await openStand()
    workers = openWorkers(stand.places)
    await stand.setPrice('SOL/USDC', '150')
  })
  after(async () => {
    await workers.close()
    await stand.close()
  })

  it('places every slice once, and ends with what was asked for', async () => {
    const first = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    await first.close()
    const instrument = stand.instruments.bySymbol('SOL/USDC')!
    await stand.command(accountId, {
      type: 'StartAlgo',
      request: {
        ...{ algoId: 'algo', side: 'buy', quantity: SOL, lotSize: 1_000n, price: null, maxSlippageBps: 500, strategyId: null, instrument },
        plan: { kind: 'twap', slices: SLICES, intervalMs: 1_000 },
      },
    })
    const died: string[] = []
    for (const dieAt of DEATHS) {
      assert.equal(await deathOf(await workers.next(dieAt), LONGEST_LIFE_MS), 'itself')
      died.push(dieAt)
    }
    await workers.last()
    const events = await until(async () => {
      const all = await stand.events(accountId)
      return all.some(({ type }) => type === 'AlgoEnded') && all
    }, 60)
    const slices = events.flatMap((event) => (event.type === 'OrderAccepted' ? [event.data.clOrdId] : []))
    assert.deepEqual(
      slices,
      Array.from({ length: SLICES }, (_, n) => `algo-${n}`),
    )
    const ends = events.flatMap((event) => (event.type === 'AlgoEnded' ? [event.data] : []))
    assert.deepEqual(
      ends.map(({ status, executed }) => [status, executed]),
      [['Completed', String(SOL)]],
    )
    assert.deepEqual(died, [...DEATHS])
    assert.equal(settled(await stand.state(accountId), 'SOL'), SOL)
    assert.equal((await stand.chainBalances(accountId)).SOL, SOL)
  })
})
