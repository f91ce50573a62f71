import assert from 'node:assert/strict'
import type { EventStore, RecordedEvent } from '../../../src/events/store/event-store.ts'
import { accountStream, parseAccountStream } from '../../../src/events/streams.ts'
import { createTicker } from '../../../src/events/tick.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import type { Pool } from '../../../src/platform/postgres.ts'
import { digestTables } from '../../../src/projections/digest.ts'
import { projectionMetrics } from '../../../src/projections/metrics.ts'
import { shardOf } from '../../../src/projections/shard-map.ts'
import { readShardMap } from '../../../src/projections/shard-map-stream.ts'
import { countCompleteness } from '../../../src/projections/verification/completeness.ts'
import { repairAccount } from '../../../src/projections/verification/repair.ts'
import { sampleAccounts } from '../../../src/projections/verification/sampling.ts'
import { verifyAccount } from '../../../src/projections/verification/shadow-replay.ts'
import { tellRepair, tellRepairs } from '../../../src/projections/verification/tell-repairs.ts'
import { accountHistory, append } from './history.ts'
import { caughtUp, freshAccounts, log, openReadSide, type ReadSide } from './read-side.ts'

describe('holding the read models against the log', function () {
  this.timeout(120_000)
  let side: ReadSide
  let accounts: readonly string[]
  before(async () => {
    side = await openReadSide()
    const projector = await side.startProjector()
    accounts = freshAccounts(4, 'v')
    await Promise.all(accounts.map((accountId, n) => append(side.store, accountId, accountHistory(accountId, 40 + n, 25))))
    await allSeen()
    // rows are put wrong by hand below: its own checks must not mend them meanwhile
    await projector.close()
  })
  after(() => side.close())

  it('finds every row as the events say, and the position of the first that is not', async () => {
    for (const accountId of accounts) {
      const { pool } = await shardOfAccount(accountId)
      const verdict = await verifyAccount(side.store, pool, accountId)
      assert.equal(
        verdict.kind,
        'equal',
        JSON.stringify(verdict, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      )
      const first = await corrupt(pool, accountId)
      const found = await verifyAccount(side.store, pool, accountId)
      assert(found.kind === 'diverged')
      assert.equal(found.rows.filter((row) => row.startsWith('orders')).length, 2)
      assert(found.rows.some((row) => row.startsWith('balances')))
      assert.equal(found.firstPosition, first)
    }
    assert.equal((await verifyAccount(side.store, side.pools[0]!, 'nobody')).kind, 'skipped')
    for (const accountId of accounts) await repairAccount(await shardOfAccount(accountId), accountId)
  })

  it('repairs the rows of an account whole, and tells the log once, whoever tries and however often', async () => {
    const accountId = accounts[0]!
    const shard = await shardOfAccount(accountId)
    await tellRepairs(side.store, shard.pool, systemClock)
    const told = (await repairsOf(side.store, accountId)).length
    const before = await digestTables(shard.pool)
    const first = await corrupt(shard.pool, accountId)
    // an account's own row may be the wrong one
    await shard.pool.query('UPDATE accounts SET revision = revision - 3 WHERE account_id = $1', [accountId])
    assert.notEqual((await digestTables(shard.pool)).digest, before.digest)
    const repair = await repairAccount(shard, accountId)
    assert(repair)
    assert.deepEqual(await digestTables(shard.pool), before)
    assert.equal(repair.data.firstPosition, String(first))
    assert.equal(await repairAccount(shard, accountId), undefined)
    // as after a crash between repair and event: two processes find it untold, one of them having told it already
    const tries = await Promise.all([tellRepair(side.store, systemClock, repair), tellRepair(side.store, systemClock, repair)])
    assert.deepEqual(tries, [true, true])
    assert.equal(await tellRepairs(side.store, shard.pool, systemClock), 1)
    assert.equal(await tellRepairs(side.store, shard.pool, systemClock), 0)
    const events = await repairsOf(side.store, accountId)
    assert.equal(events.length, told + 1)
    assert.equal((events.at(-1)!.data as { firstPosition: string }).firstPosition, String(first))
  })

  it('counts the log itself: a lost account, a lost event and another revision each show, where lag would not', async () => {
    const registry = createRegistry('completeness')
    const stop = new AbortController()
    const map = (await readShardMap(side.store))!
    const { pool, shard } = await shardOfAccount(accounts[1]!)
    const deps = { store: side.store, pools: side.pools, map, clock: systemClock, log, signal: stop.signal }
    const pace = { everyMs: 5, pauseFactor: 0, busy: () => false }
    const counting = countCompleteness({ ...deps, ...pace, held: () => side.pools.keys(), metrics: projectionMetrics(registry) })
    const figure = async (name: string): Promise<number | undefined> =>
      (await registry.getSingleMetric(`quantbot_completeness_${name}`)!.get()).values.find(({ labels }) => labels.shard === String(shard))
        ?.value
    const shown = async (missing: number, differ: number): Promise<void> => {
      while ((await figure('missing_events')) !== missing || (await figure('heads_differ')) !== differ) await systemClock.sleep(10)
    }
    await shown(0, 0)
    // With those that wait behind other tests' faults: they are in the log, too.
    const { rows } = await pool.query<{ position: bigint }>('SELECT commit_position AS position FROM checkpoint')
    let logged = 0
    for await (const { streamId, position } of side.store.readAll(undefined)) {
      const account = parseAccountStream(streamId)
      if (account && map.assignment[account.slice] === shard && position.commit <= rows[0]!.position) logged++
    }
    assert.equal(await figure('logged_events'), logged)
    await pool.query('UPDATE accounts SET revision = revision - 1 WHERE account_id = $1', [accounts[1]])
    await shown(1, 1)
    await pool.query("UPDATE accounts SET revision = revision + 1, account_id = account_id || 'x' WHERE account_id = $1", [accounts[1]])
    await shown(0, 1)
    await pool.query("UPDATE accounts SET account_id = $1 WHERE account_id = $1 || 'x'", [accounts[1]])
    await shown(0, 0)
    const { rows: verdicts } = await pool.query('SELECT missing, equal FROM completeness')
    assert.deepEqual(verdicts, [{ missing: 0n, equal: true }])
    stop.abort()
    await counting
  })

  it('finds and repairs beside a running projector without being asked, and the ledger of compensations tells', async () => {
    const accountId = accounts[2]!
    const { pool, shard } = await shardOfAccount(accountId)
    await tellRepairs(side.store, pool, systemClock)
    const told = (await repairsOf(side.store, accountId)).length
    await side.startProjector()
    const registry = createRegistry('verification')
    const stop = new AbortController()
    const deps = { store: side.store, logId: side.logId, pools: side.pools, clock: systemClock, log, signal: stop.signal }
    const sampling = sampleAccounts({ ...deps, held: () => side.pools.keys(), metrics: projectionMetrics(registry), everyMs: 5 })
    const first = await corrupt(pool, accountId)
    // the projector has work on the same shard all the while
    const neighbour = freshAccounts(200, 'n').find((id) => shardOf(map, id) === shard)!
    const busy = append(side.store, neighbour, accountHistory(neighbour, 99, 25))
    while ((await repairsOf(side.store, accountId)).length === told) await systemClock.sleep(20)
    await busy
    await allSeen()
    assert.equal((await repairsOf(side.store, accountId)).length, told + 1)
    for (const id of [accountId, neighbour]) assert.equal((await verifyAccount(side.store, pool, id)).kind, 'equal')
    const { rows } = await pool.query(
      "SELECT state, cause_type, cause_ref, reverses FROM compensations WHERE account_id = $1 AND resolved_by = 'ReadModelRepaired' ORDER BY revision DESC LIMIT 1",
      [accountId],
    )
    assert.deepEqual(rows, [{ state: 'resolved', cause_type: 'ReadModelDiverged', cause_ref: String(first), reverses: 'rows' }])
    stop.abort()
    await sampling
  })

  let map: NonNullable<Awaited<ReturnType<typeof readShardMap>>>
  const shardOfAccount = async (accountId: string) => {
    map ??= (await readShardMap(side.store))!
    const shard = shardOf(map, accountId)
    return { store: side.store, logId: side.logId, shard, pool: side.pools[shard]! }
  }

  /** Everything appended so far is projected. */
  const allSeen = async (): Promise<void> => {
    const tick = await createTicker({ store: side.store, ids: systemIds, clock: systemClock }).tick()
    await caughtUp(side, tick!.commit)
  }
})

/** Two orders and all balances wrong; answers the position of the first event behind them. */
const corrupt = async (pool: Pool, accountId: string): Promise<bigint> => {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT 1 FROM checkpoint FOR UPDATE')
    const { rows } = await client.query<{ position: bigint }>(
      `WITH orders_wrong AS (UPDATE orders SET cum_qty = cum_qty + 1 WHERE account_id = $1 AND number IN (3, 9) RETURNING position),
        balances_gone AS (DELETE FROM balances WHERE account_id = $1 RETURNING position)
      SELECT min(position)::bigint AS position FROM (SELECT position FROM orders_wrong UNION ALL SELECT position FROM balances_gone) wrong`,
      [accountId],
    )
    await client.query('COMMIT')
    return rows[0]!.position
  } finally {
    client.release()
  }
}

const repairsOf = async (store: EventStore, accountId: string): Promise<readonly RecordedEvent[]> => {
  const found: RecordedEvent[] = []
  for await (const event of store.readStream(accountStream(accountId))) if (event.type === 'ReadModelRepaired') found.push(event)
  return found
}
