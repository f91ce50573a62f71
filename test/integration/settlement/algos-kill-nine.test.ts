import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createLog } from '../../../src/platform/log.ts'
import { createPool, type Pool } from '../../../src/platform/postgres.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n
const SLICES = 4
/** Between which steps of an algo the workers die, one after the other. */
const DEATHS = ['before PlaceOrder', 'after PlaceOrder', 'after RecordSigned', 'before EndAlgo'] as const

describe('kill -9 of settlement between any two steps of an algo', function () {
  this.timeout(240_000)
  let stand: Stand
  let pool: Pool
  const workers: ChildProcess[] = []
  before(async () => {
    stand = await openStand()
    pool = createPool(stand.places.database, { name: 'algos-kill-nine', log: createLog('test', 'silent') })
    await stand.setPrice('SOL/USDC', '150')
  })
  after(async () => {
    for (const worker of workers) worker.kill('SIGKILL')
    await pool.end()
    await stand.close()
  })

  const open = async (): Promise<ChildProcess> => {
    const worker = fork(fileURLToPath(new URL('./landing-worker.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, PLACES: JSON.stringify(stand.places) },
    })
    workers.push(worker)
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('exit', (code) => reject(new Error(`a worker ended with ${code} before it was ready`)))
    })
    return worker
  }

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
    let next = open()
    const died: string[] = []
    for (const dieAt of DEATHS) {
      const worker = await next
      next = open()
      next.catch(() => undefined)
      // a dead owner's leases would hold up the next one: they are for efficiency, the account's stream is the fence
      await pool.query("UPDATE leases SET expires_at = now() - interval '1 s'")
      const dead = new Promise<string | null>((resolve) => worker.once('exit', (_code, signal) => resolve(signal)))
      worker.send({ dieAt })
      assert.equal(await dead, 'SIGKILL')
      died.push(dieAt)
    }
    await pool.query("UPDATE leases SET expires_at = now() - interval '1 s'")
    ;(await next).send({ dieAt: null })
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
