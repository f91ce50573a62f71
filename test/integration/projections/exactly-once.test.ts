import assert from 'node:assert/strict'
import { defineInstruments } from '../../../src/events/instruments.ts'
import { postingsOf } from '../../../src/events/postings.ts'
import { createTicker } from '../../../src/events/tick.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { digestShards } from '../../../src/projections/digest.ts'
import { accountHistory, append } from './history.ts'
import { caughtUp, freshAccounts, openReadSide, type ReadSide } from './read-side.ts'

describe('projecting exactly once', () => {
  let side: ReadSide
  before(async () => {
    side = await openReadSide()
    await defineInstruments(side.store, systemClock)
  })
  after(() => side.close())

  const tick = async (): Promise<bigint> => {
    const position = await createTicker({ store: side.store, ids: systemIds, clock: systemClock }).tick()
    assert(position)
    return position.commit
  }

  it('rows equal events, and a rebuild from zero gives the same digest, after projectors were stopped mid-way', async function () {
    this.timeout(60_000)
    const accounts = freshAccounts(12)
    const histories = accounts.map((accountId, n) => ({ accountId, appends: accountHistory(accountId, n + 1, 20) }))
    const writing = Promise.all(histories.map(({ accountId, appends }) => append(side.store, accountId, appends)))
    // projectors come and go while events arrive
    for (let round = 0; round < 4; round++) {
      const projector = await side.startProjector()
      await systemClock.sleep(100 + 60 * round)
      await projector.close()
    }
    await writing
    await side.startProjector()
    const head = await tick()
    await caughtUp(side, head)

    for (const { accountId, appends } of histories) {
      const events = appends.flat()
      const pool = await poolOf(side, accountId)
      const count = async (sql: string): Promise<bigint> => (await pool.query<{ n: bigint }>(sql, [accountId])).rows[0]!.n
      assert.equal(await count('SELECT revision AS n FROM accounts WHERE account_id = $1'), BigInt(events.length - 1))
      const postings = events.flatMap(postingsOf)
      assert.equal(await count('SELECT count(*) AS n FROM ledger_entries WHERE account_id = $1'), BigInt(postings.length))
      for (const asset of ['SOL', 'USDC']) {
        const sum = (account: string): bigint =>
          postings.filter((p) => p.account === account && p.asset === asset).reduce((total, p) => total + p.amount, 0n)
        const { rows } = await pool.query<{ available: bigint; reserved: bigint }>(
          'SELECT available, reserved FROM balances WHERE account_id = $1 AND asset = $2',
          [accountId, asset],
        )
        assert.equal(rows[0]?.available ?? 0n, sum('available'), `${accountId} ${asset} available`)
        assert.equal(rows[0]?.reserved ?? 0n, sum('reserved'), `${accountId} ${asset} reserved`)
      }
      assert.equal(await count("SELECT count(*) AS n FROM compensations WHERE account_id = $1 AND state = 'unresolved'"), 0n)
    }

    const rebuilt = await openReadSide()
    try {
      await rebuilt.startProjector()
      await caughtUp(rebuilt, head)
      const [first, second] = [await digestShards(side.pools), await digestShards(rebuilt.pools)]
      assert.deepEqual(
        second.shards.map(({ rows, digest }) => ({ rows, digest })),
        first.shards.map(({ rows, digest }) => ({ rows, digest })),
      )
      assert.equal(second.digest, first.digest)
      assert(first.shards.every(({ rows }) => rows > 0))
    } finally {
      await rebuilt.close()
    }
  })
})

const poolOf = async (side: ReadSide, accountId: string) => {
  for (const pool of side.pools)
    if ((await pool.query('SELECT 1 FROM accounts WHERE account_id = $1', [accountId])).rowCount === 1) return pool
  throw new Error(`${accountId} is on no shard`)
}
