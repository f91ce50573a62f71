import assert from 'node:assert/strict'
import { awaitingFinality, openAttempts } from '../../../src/commands/transaction/attempt-state.ts'
import { openStand, type Stand, settled, until } from './stand.ts'
import { killAfter, openWorkers, type Workers } from './workers.ts'

/** KILLS=100 for a long run, a few in the suite. */
const KILLS = Number(process.env.KILLS ?? 2)
const LOT = 10n ** 7n

describe('kill -9 of settlement while swaps live by durable nonces', function () {
  this.timeout(180_000 + KILLS * 15_000)
  let stand: Stand
  let workers: Workers
  before(async () => {
    stand = await openStand()
    workers = openWorkers(stand.places, { DURABLE_NONCES: 'all' })
  })
  after(async () => {
    await workers?.close()
    await stand?.close()
  })

  it(`${KILLS} times: each order ends once, filled or cancelled, and the ledger is the chain`, async () => {
    const funding = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 100_000_000_000n })
    await funding.close()
    const numbers: number[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      const number = await stand.place(accountId, { orderQty: LOT, maxSlippageBps: 500 })
      numbers.push(number)
      const worker = await workers.next()
      // Every other one is cancelled in the midst of it: its nonce is taken away, by this worker or by the next.
      const dead = killAfter(worker, 300 + ((kill * 701) % 3_000))
      if (kill % 2 === 1) await stand.command(accountId, { type: 'CancelOrder', number })
      await dead
    }
    const last = await workers.last()
    let filled = 0n
    for (const number of numbers) if ((await stand.ended(accountId, number, 120)).type === 'TradeBooked') filled += LOT
    const state = await until(async () => {
      const folded = await stand.state(accountId)
      return openAttempts(folded).length === 0 && awaitingFinality(folded).length === 0 && folded
    }, 120)
    const chain = await stand.chainBalances(accountId)
    assert.deepEqual([settled(state, 'SOL'), settled(state, 'USDC')], [chain.SOL, chain.USDC])
    assert.equal(chain.SOL, filled)
    const signed = (await stand.events(accountId)).flatMap((event) => (event.type === 'TransactionSigned' ? [event.data] : []))
    assert.ok(signed.some(({ purpose, nonce }) => purpose === 'swap' && nonce !== undefined))
    last.kill('SIGKILL')
  })
})
