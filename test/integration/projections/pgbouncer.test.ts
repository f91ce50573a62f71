import assert from 'node:assert/strict'
import { createTicker } from '../../../src/events/tick.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createPool } from '../../../src/platform/postgres.ts'
import { digestShards } from '../../../src/projections/digest.ts'
import { debianPgbouncer, debianPostgres, startAlone, startPgbouncer } from '../../support/debian-postgres.ts'
import { skipBecause } from '../../support/skip.ts'
import { openReadApi, type ReadApi } from '../queries/read-api.ts'
import { accountHistory, append } from './history.ts'
import { caughtUp, freshAccounts, log, SHARDS } from './read-side.ts'

describe('the read side behind pgbouncer in transaction mode', () => {
  const closers: (() => Promise<void>)[] = []
  let api: ReadApi
  let direct: (database: string) => string
  before(async function () {
    this.timeout(240_000)
    const bin = debianPostgres() ?? skipBecause(this, 'Postgres: not packaged here')
    const program = debianPgbouncer() ?? skipBecause(this, 'pgbouncer: not installed')
    const server = await startAlone(bin)
    closers.push(server.stop)
    const pooler = await startPgbouncer(program, server)
    closers.push(pooler.stop)
    direct = server.url
    for (let shard = 0; shard < SHARDS; shard++) await server.query(`CREATE DATABASE trading_${shard}`)
    api = await openReadApi({ urls: Array.from({ length: SHARDS }, (_, shard) => pooler.url(`trading_${shard}`)) })
    closers.push(api.close)
  })
  after(async () => {
    for (const close of closers.reverse()) await close()
  })

  it('migrates, projects with leases that change hands, and answers, though sessions are shared', async function () {
    this.timeout(240_000)
    const accounts = freshAccounts(6, 'pool')
    const first = await api.side.startProjector({ feed: api.feed })
    await Promise.all(accounts.map((accountId, n) => append(api.side.store, accountId, accountHistory(accountId, 300 + n, 6))))
    await first.close()
    await api.side.startProjector({ feed: api.feed })
    const tick = (await createTicker({ store: api.side.store, ids: systemIds, clock: systemClock }).tick())!.commit
    await caughtUp(api.side, tick)
    for (const accountId of accounts)
      for (const name of ['balances', 'orders', 'executions', 'positions', 'pnl?method=fifo'])
        assert.equal((await api.get(`/v1/accounts/${accountId}/${name}`)).status, 200, name)
    // past the pooler there is the same
    const straight = Array.from({ length: SHARDS }, (_, shard) => createPool(direct(`trading_${shard}`), { name: 'test', log, max: 1 }))
    assert.equal((await digestShards(api.side.pools)).digest, (await digestShards(straight)).digest)
    const { rows } = await straight[0]!.query('SELECT 1 FROM pg_prepared_statements')
    assert.equal(rows.length, 0)
    await Promise.all(straight.map((pool) => pool.end()))
  })
})
