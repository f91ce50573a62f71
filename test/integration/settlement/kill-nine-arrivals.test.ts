import assert from 'node:assert/strict'
import { createLog } from '../../../src/platform/log.ts'
import { createPool, type Pool } from '../../../src/platform/postgres.ts'
import { openStand, type Stand, settled, until } from './stand.ts'
import { openStranger, type Stranger } from './stranger.ts'
import { killAfter, openWorkers, type Workers } from './workers.ts'

/** KILLS=100 for a long run, a few in the suite. */
const KILLS = Number(process.env.KILLS ?? 2)
const USDC = 10n ** 6n
const SOL = 10n ** 9n

describe('kill -9 of settlement while money comes unasked', function () {
  this.timeout(120_000 + KILLS * 10_000)
  let stand: Stand
  let stranger: Stranger
  let workers: Workers
  let pool: Pool
  before(async () => {
    stand = await openStand()
    stranger = openStranger(stand.places.faucetFile, stand.places.rpc[0]!)
    pool = createPool(stand.places.database, { name: 'kill-nine-test', log: createLog('test', 'silent') })
    workers = openWorkers(stand.places, { ARRIVALS_MS: '50' })
  })
  after(async () => {
    await workers?.close()
    await pool?.end()
    await stand?.close()
  })

  it(`${KILLS} times: each transfer is credited once`, async () => {
    const funding = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 50n * USDC })
    const wallet = (await stand.state(accountId)).wallet!.publicKey
    await funding.close()
    const { usdc, native } = stranger.instructions
    for (let kill = 0; kill < KILLS; kill++) {
      await stranger.send(...usdc(wallet, USDC + BigInt(kill)))
      await stranger.send(...native(wallet, SOL + BigInt(kill)))
      // From before the first look to after the last booking.
      await killAfter(await workers.next(), 200 + ((kill * 701) % 2_300))
      // The cursor is a hint: lost in the middle, nothing comes twice.
      if (kill % 3 === 2) await pool.query('TRUNCATE settlement_arrivals')
    }
    const last = await workers.last()
    const extra = BigInt((KILLS * (KILLS - 1)) / 2)
    const [dollars, sol] = [50n * USDC + BigInt(KILLS) * USDC + extra, BigInt(KILLS) * SOL + extra]
    await until(async () => {
      const state = await stand.state(accountId)
      return settled(state, 'USDC') >= dollars && settled(state, 'SOL') >= sol
    }, 60)
    // Long enough for a second booking to show.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const [state, chain] = [await stand.state(accountId), await stand.chainBalances(accountId)]
    assert.deepEqual([settled(state, 'USDC'), settled(state, 'SOL')], [dollars, sol])
    assert.deepEqual([chain.USDC, chain.SOL], [dollars, sol])
    last.kill('SIGKILL')
  })
})
