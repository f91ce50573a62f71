import assert from 'node:assert/strict'
import { createTicker } from '../../../src/events/tick.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { projectionMetrics } from '../../../src/projections/metrics.ts'
import { sampleAccounts } from '../../../src/projections/verification/sampling.ts'
import { verifyAccount } from '../../../src/projections/verification/shadow-replay.ts'
import { accountHistory, append } from './history.ts'
import { caughtUp, freshAccounts, log, openReadSide, type ReadSide } from './read-side.ts'

describe('verifying an account by shadow replay', () => {
  let side: ReadSide
  before(async function () {
    this.timeout(60_000)
    side = await openReadSide()
    await side.startProjector()
  })
  after(() => side.close())

  it('finds every row as the events say, and the position of the first that is not', async function () {
    this.timeout(60_000)
    const accounts = freshAccounts(4, 'v')
    const heads = await Promise.all(accounts.map((accountId, n) => append(side.store, accountId, accountHistory(accountId, 40 + n, 25))))
    const tick = await createTicker({ store: side.store, ids: systemIds, clock: systemClock }).tick()
    assert(heads.every(({ commit }) => commit < tick!.commit))
    await caughtUp(side, tick!.commit)
    for (const accountId of accounts) {
      const pool = await poolOf(accountId)
      const verdict = await verifyAccount(side.store, pool, accountId)
      assert.equal(
        verdict.kind,
        'equal',
        JSON.stringify(verdict, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      )
      const { rows } = await pool.query<{ number: bigint; position: bigint }>(
        'UPDATE orders SET cum_qty = cum_qty + 1 WHERE account_id = $1 AND number IN (3, 9) RETURNING number, position',
        [accountId],
      )
      await pool.query('DELETE FROM balances WHERE account_id = $1', [accountId])
      const found = await verifyAccount(side.store, pool, accountId)
      assert(found.kind === 'diverged')
      assert.equal(found.rows.filter((row) => row.startsWith('orders')).length, 2)
      assert(found.rows.some((row) => row.startsWith('balances')))
      assert.equal(found.firstPosition, rows.map(({ position }) => position).sort((a, b) => (a < b ? -1 : 1))[0])
    }
    assert.equal((await verifyAccount(side.store, side.pools[0]!, 'nobody')).kind, 'skipped')

    // found without being asked for: the alarm is a metric
    const registry = createRegistry('verification')
    const stop = new AbortController()
    const held = (): Iterable<number> => side.pools.keys()
    const deps = { store: side.store, pools: side.pools, clock: systemClock, log, signal: stop.signal }
    const sampling = sampleAccounts({ ...deps, held, metrics: projectionMetrics(registry), everyMs: 5 })
    const divergences = async (): Promise<number> =>
      (await registry.getSingleMetric('quantbot_verification_divergences_total')!.get()).values.reduce((sum, { value }) => sum + value, 0)
    while ((await divergences()) === 0) await systemClock.sleep(20)
    stop.abort()
    await sampling
  })

  const poolOf = async (accountId: string) => {
    for (const pool of side.pools)
      if ((await pool.query('SELECT 1 FROM accounts WHERE account_id = $1', [accountId])).rowCount === 1) return pool
    throw new Error(`${accountId} is on no shard`)
  }
})
