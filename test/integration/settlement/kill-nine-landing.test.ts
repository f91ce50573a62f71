import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { awaitingFinality, openAttempts } from '../../../src/commands/transaction/attempt-state.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createPool, type Pool } from '../../../src/platform/postgres.ts'
import { type Hostile, startHostile } from '../../support/hostile.ts'
import { rpc } from '../solana-node/start-part.ts'
import type { Go } from './landing-worker.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

/** Kills of one run: KILLS=200 for the figure, a few in the suite. */
const KILLS = Number(process.env.KILLS ?? 10)
const SEED = Number(process.env.SEED ?? 1)
const ACCOUNTS = 3
const LOT = 10n ** 7n
/** A landing crosses some thirty borders; more than that would mostly let it finish. */
const MOST_BORDERS = 40
/** A worker that does not come to its border is killed from outside. */
const LONGEST_LIFE_MS = 2_500
const PROFILE = {
  ports: [
    { dropSend: 0.3, nullStatus: 0.5, heightSkew: 60 },
    { lagSlots: 6, jitterMs: 10 },
    { tooMany: 0.1, retryAfterS: 0, reset: 0.03 },
  ],
  fates: { lost: 0.03, late: 0.04, ghost: 0.06, rollback: 0.06 },
}

describe('kill -9 of settlement between any two steps of a landing', function () {
  this.timeout(120_000 + KILLS * 10_000)
  let stand: Stand
  let front: Hostile
  let pool: Pool
  const spares: Promise<ChildProcess>[] = []

  before(async () => {
    stand = await openStand()
    const { rpc: urls, database, slotMs } = stand.places
    front = await startHostile({ upstream: urls[0]!, ports: PROFILE.ports.length, seed: SEED, slotMs, profile: 'calm' })
    pool = createPool(database, { name: 'kill-nine', log: createLog('test', 'silent') })
  })
  after(async () => {
    for (const spare of spares) (await spare).kill('SIGKILL')
    await pool?.end()
    await front?.close()
    await stand?.close()
  })

  /** The next worker starts while this one works: loading takes longer than most lives. */
  const nextWorker = async (dieAt: number | null): Promise<ChildProcess> => {
    spares.push(openWorker())
    if (spares.length < 2) spares.push(openWorker())
    const worker = await spares.shift()!
    // The dead owner's leases would hold up the next one for seconds; they are for efficiency, the account's stream is the fence.
    await pool.query("UPDATE leases SET expires_at = now() - interval '1 s'")
    worker.send({ dieAt } satisfies Go)
    return worker
  }
  const openWorker = async (): Promise<ChildProcess> => {
    const worker = fork(fileURLToPath(new URL('./landing-worker.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, PLACES: JSON.stringify({ ...stand.places, rpc: front.urls }) },
    })
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('exit', (code) => reject(new Error(`a worker ended with ${code} before it was ready`)))
    })
    return worker
  }
  const death = (worker: ChildProcess) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => worker.kill('SIGKILL'), LONGEST_LIFE_MS)
      worker.once('exit', () => {
        clearTimeout(timer)
        resolve()
      })
    })

  /** Of these signatures, those that the chain itself executed without an error. */
  const executed = async (signatures: readonly string[]): Promise<string[]> => {
    const { result } = await rpc(stand.places.rpc[0]!, 'getSignatureStatuses', signatures, { searchTransactionHistory: true })
    const { value } = result as { value: ({ err: unknown } | null)[] }
    return signatures.filter((_, i) => value[i] && value[i].err === null)
  }

  it(`${KILLS} times: nothing doubled, nothing forgotten`, async () => {
    const first = await nextWorker(null)
    const accounts = await Promise.all(Array.from({ length: ACCOUNTS }, () => stand.openAccount({ USDC: 100_000_000_000n })))
    first.kill('SIGKILL')
    await front.setFates(PROFILE.fates)
    for (const [port, faults] of PROFILE.ports.entries()) await front.setPort(port, faults)
    const orders: { readonly accountId: string; readonly number: number }[] = []

    for (let kill = 0; kill < KILLS; kill++) {
      const accountId = accounts[kill % ACCOUNTS]!
      orders.push({ accountId, number: await stand.place(accountId, { orderQty: LOT, maxSlippageBps: 500 }) })
      // A sequence that visits every border about equally often.
      await death(await nextWorker((kill * 17 + SEED * 5) % MOST_BORDERS))
    }

    const last = await nextWorker(null)
    for (const { accountId, number } of orders) assert.equal((await stand.ended(accountId, number, 90)).type, 'TradeBooked', 'forgotten')
    for (const accountId of accounts) {
      const state = await until(async () => {
        const folded = await stand.state(accountId)
        return openAttempts(folded).length === 0 && awaitingFinality(folded).length === 0 && folded
      }, 90)
      const bought = LOT * BigInt(orders.filter((order) => order.accountId === accountId).length)
      const onChain = await stand.chainBalances(accountId)
      assert.deepEqual([settled(state, 'SOL'), settled(state, 'USDC')], [bought, onChain.USDC], 'the ledger tells otherwise')
      assert.equal(onChain.SOL, bought, 'executed on the chain more or less than was ordered')
      const signed = (await stand.events(accountId)).flatMap((event) =>
        event.type === 'TransactionSigned' && event.data.purpose === 'swap' ? [event.data] : [],
      )
      for (const { number } of orders.filter((order) => order.accountId === accountId)) {
        const signatures = signed.filter(({ ref }) => ref === String(number)).map(({ signature }) => signature)
        assert.equal((await executed(signatures)).length, 1, `order ${number} was executed by ${signatures.length} signatures`)
      }
    }
    last.kill('SIGKILL')
  })
})
