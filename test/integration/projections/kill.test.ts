import assert from 'node:assert/strict'
import { createTicker } from '../../../src/events/tick.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { digestShards } from '../../../src/projections/digest.ts'
import { killed, spawnProjector } from './child-projector.ts'
import { accountHistory, append } from './history.ts'
import { caughtUp, freshAccounts, openReadSide, type ReadSide } from './read-side.ts'

describe('kill -9 of a projector', () => {
  let side: ReadSide
  before(async function () {
    this.timeout(60_000)
    side = await openReadSide()
  })
  after(() => side.close())

  it('loses and doubles nothing; another process takes over within 10 s', async function () {
    this.timeout(90_000)
    const accounts = freshAccounts(16, 'k')
    const child = await spawnProjector(side.urls)
    const writing = Promise.all(accounts.map((accountId, n) => append(side.store, accountId, accountHistory(accountId, 500 + n, 20))))
    // mid-way: some batches are committed, others under way
    const committed = async (): Promise<bigint> => {
      const counts = await Promise.all(side.pools.map((pool) => pool.query<{ n: bigint }>('SELECT count(*) AS n FROM ledger_entries')))
      return counts.reduce((sum, { rows }) => sum + rows[0]!.n, 0n)
    }
    while ((await committed()) < 50n) await systemClock.sleep(10)
    await killed(child)
    const died = Date.now()
    const before = await committed()
    await side.startProjector()
    await writing
    const tick = await createTicker({ store: side.store, ids: systemIds, clock: systemClock }).tick()
    while ((await committed()) === before) await systemClock.sleep(20)
    assert(Date.now() - died < 10_000, `took over after ${Date.now() - died} ms`)
    await caughtUp(side, tick!.commit)

    const rebuilt = await openReadSide()
    try {
      await rebuilt.startProjector()
      await caughtUp(rebuilt, tick!.commit)
      assert.equal((await digestShards(rebuilt.pools)).digest, (await digestShards(side.pools)).digest)
    } finally {
      await rebuilt.close()
    }
  })
})
