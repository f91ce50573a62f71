import assert from 'node:assert/strict'
import { createTicker } from '../../../src/events/tick.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { digestShards } from '../../../src/projections/digest.ts'
import { type Rebuilt, rebuild } from '../../../src/projections/rebuild/rebuild.ts'
import { readShardMap } from '../../../src/projections/shard-map-stream.ts'
import { accountHistory, append } from './history.ts'
import { caughtUp, freshAccounts, log, openReadSide, type ReadSide } from './read-side.ts'

describe('rebuilding a read model beside the live one', () => {
  let side: ReadSide
  before(async function () {
    this.timeout(60_000)
    side = await openReadSide()
  })
  after(() => side.close())

  const rebuilt = async (name: string): Promise<Rebuilt> => {
    const { store, logId, urls, pools } = side
    const databases = urls.map((url, shard) => ({ url, pool: pools[shard]! }))
    const map = (await readShardMap(store))!
    return rebuild({ store, logId, map, databases, clock: systemClock, log, signal: new AbortController().signal }, name)
  }
  const tick = async (): Promise<bigint> => (await createTicker({ store: side.store, ids: systemIds, clock: systemClock }).tick())!.commit

  it('gives the same bytes while events go on arriving, mends what was wrong, and leaves nothing behind', async function () {
    this.timeout(120_000)
    const first = await side.startProjector()
    const accounts = freshAccounts(8, 'b')
    await Promise.all(accounts.map((accountId, n) => append(side.store, accountId, accountHistory(accountId, 900 + n, 10))))
    await caughtUp(side, await tick())
    const more = freshAccounts(4, 'b')
    const writing = Promise.all(more.map((accountId, n) => append(side.store, accountId, accountHistory(accountId, 950 + n, 15))))
    const same = await rebuilt('all')
    assert.equal(same.equal, true, JSON.stringify(same))
    assert.equal(same.rowsChanged, 0)
    assert(same.events > 200)
    await writing
    await caughtUp(side, await tick())

    await first.close()
    // rows that no event has written: a wrong amount, one too many, one too few
    const pool = await poolOf(accounts[0]!)
    await pool.query("UPDATE balances SET available = available + 1 WHERE account_id = $1 AND asset = 'USDC'", [accounts[0]])
    await pool.query("INSERT INTO balances SELECT account_id, 'XXX', 1, 0, 1, 1 FROM accounts WHERE account_id = $1", [accounts[0]])
    await pool.query("DELETE FROM balances WHERE account_id = $1 AND asset = 'SOL'", [accounts[0]])
    // the projector works with the wrong rows and remembers them
    await side.startProjector()
    await credited(accounts[0]!, 'first')
    const mended = await rebuilt('balances')
    assert.equal(mended.equal, false)
    assert(mended.rowsChanged >= 2, JSON.stringify(mended))
    assert.equal((await rebuilt('balances')).equal, true)

    // the projector goes on from the mended rows, not from those it remembers
    await credited(accounts[0]!, 'second')
    const fresh = await openReadSide()
    try {
      await fresh.startProjector()
      await caughtUp(fresh, await tick())
      assert.equal((await digestShards(fresh.pools)).digest, (await digestShards(side.pools)).digest)
    } finally {
      await fresh.close()
    }
    const { rows } = await pool.query("SELECT 1 FROM pg_namespace WHERE nspname = 'rebuild'")
    assert.equal(rows.length, 0)
  })

  const credited = async (accountId: string, depositId: string): Promise<void> => {
    const data = { ...credit, depositId }
    await append(side.store, accountId, [[{ type: 'FundsCredited', data }]], await revisionOf(accountId))
    await caughtUp(side, await tick())
  }
  const credit = { asset: 'USDC', amount: '7', signature: 's', tokenAccount: 't', at: 1_800_000_000_000 }
  const poolOf = async (accountId: string) => {
    for (const pool of side.pools)
      if ((await pool.query('SELECT 1 FROM accounts WHERE account_id = $1', [accountId])).rowCount === 1) return pool
    throw new Error(`${accountId} is on no shard`)
  }
  const revisionOf = async (accountId: string): Promise<bigint> => {
    const { rows } = await (await poolOf(accountId)).query<{ revision: bigint }>('SELECT revision FROM accounts WHERE account_id = $1', [
      accountId,
    ])
    return rows[0]!.revision
  }
})
