import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createPool } from '../../../src/platform/postgres.ts'
import { digestShards } from '../../../src/projections/digest.ts'
import { compareMaps } from '../../../src/projections/reshard/compare.ts'
import { removeMap } from '../../../src/projections/reshard/databases.ts'
import { abandon, type ReshardDeps, reshard } from '../../../src/projections/reshard/reshard.ts'
import { shardUrls } from '../../../src/projections/shard-map.ts'
import { readShardMaps } from '../../../src/projections/shard-map-stream.ts'
import { databaseUrls } from '../../support/services.ts'
import { type NodeProcess, startNodeProcess } from '../eventstore-node/node-process.ts'
import { accountHistory, append } from '../projections/history.ts'
import { freshAccounts, log } from '../projections/read-side.ts'
import { openReadApi, type ReadApi } from '../queries/read-api.ts'
import { startChecker } from './checker.ts'
import { stoppableClock } from './stoppable-clock.ts'

// The maps of the shared log are other tests' ground: this one has a log of its own.
describe('resharding while the read side is read and written', () => {
  let node: NodeProcess
  let api: ReadApi
  let servers: readonly string[]
  let checking: (() => Promise<unknown>) | undefined
  const folder = mkdtempSync(join(tmpdir(), 'quantbot-reshard-'))
  const still = freshAccounts(6, 'still')

  before(async function () {
    this.timeout(240_000)
    node = await startNodeProcess({ db: folder })
    servers = await databaseUrls(2)
    api = await openReadApi({ urls: servers, storeUrl: node.url })
    await api.side.startProjector({ feed: api.feed })
    await Promise.all(still.map((accountId, n) => append(api.side.store, accountId, accountHistory(accountId, 40 + n, 4))))
  })
  // a test that failed must not leave its traffic to the next
  afterEach(async () => {
    await checking?.()
    checking = undefined
  })
  after(async () => {
    const maps = await readShardMaps(api.side.store)
    await api.close()
    await node.end('SIGTERM')
    const open = (url: string) => createPool(url, { name: 'test', log, max: 1 })
    for (const map of maps ? [maps.current, ...maps.gone] : []) if (map.databases) await removeMap(map, servers, open)
    rmSync(folder, { recursive: true, force: true })
  })

  const depsOf = (signal = new AbortController().signal, onStep: (step: string) => void = () => undefined): ReshardDeps => ({
    ...{ store: api.side.store, logId: api.side.logId, servers, clock: systemClock, ids: systemIds, log, signal, onStep },
  })

  it('answers every read rightly, ends with the same rows, and leaves nothing of the old shards', async function () {
    this.timeout(240_000)
    // one more than there are, or than an attempt before this one has begun to build
    const { current, next } = (await readShardMaps(api.side.store))!
    const to = next?.shards ?? current.shards + 1
    const live = freshAccounts(4, 'live')
    const checker = await startChecker(api.side.store, live, api.get)
    checking = checker.end
    // broken off once while it builds: the next call goes on
    const broken = new AbortController()
    await assert.rejects(
      reshard(
        depsOf(broken.signal, (step) => step === 'comparing' && broken.abort(new Error('broken off'))),
        to,
      ),
      /broken off/,
    )
    assert.equal((await readShardMaps(api.side.store))?.next?.shards, to, 'the map being built')
    await assert.rejects(reshard(depsOf(), 63), /a reshard to \d+ shards is under way/)

    const steps: string[] = []
    const done = await reshard(
      depsOf(undefined, (step) => steps.push(step)),
      to,
    )
    const after = checker.reads()
    while (checker.reads() < after + 20) await systemClock.sleep(10)
    const verdict = await checker.end()
    assert.equal(verdict.wrong, 0, verdict.examples.join('; '))
    assert(verdict.written > 10 && verdict.reads > 40, JSON.stringify(verdict))
    assert.deepEqual([done.equal, done.shards, done.version], [true, to, current.version + 1], JSON.stringify([done, steps]))

    const maps = (await readShardMaps(api.side.store))!
    assert.equal(maps.leaving, undefined, 'the old map is still projected')
    const young = shardUrls(maps.current, servers).map((url) => createPool(url, { name: 'test', log, max: 1 }))
    const accounts = await Promise.all(young.map((pool) => pool.query<{ n: bigint }>('SELECT count(*) AS n FROM accounts')))
    const held = accounts.reduce((sum, { rows }) => sum + Number(rows[0]!.n), 0)
    assert(held >= live.length + still.length, String(held))
    assert((await digestShards(young)).shards.every(({ rows }) => rows > 0))
    await Promise.all(young.map((pool) => pool.end()))
    for (const pool of api.side.pools) {
      const { rows } = await pool.query<{ n: bigint }>('SELECT (SELECT count(*) FROM checkpoint) + (SELECT count(*) FROM accounts) AS n')
      assert.equal(rows[0]!.n, 0n, 'rows of the old map are left')
    }
  })

  it('gives a map up that is not to be, and says when there is nothing to do', async function () {
    this.timeout(240_000)
    const { current } = (await readShardMaps(api.side.store))!
    const broken = new AbortController()
    const building = reshard(
      depsOf(broken.signal, (step) => step === 'comparing' && broken.abort(new Error('broken off'))),
      current.shards + 1,
    )
    await assert.rejects(building, /broken off/)
    const { next } = (await readShardMaps(api.side.store))!
    await abandon(depsOf())
    const names = next!.databases!.map(({ name }) => name)
    const { rows } = await api.side.pools[0]!.query('SELECT 1 FROM pg_database WHERE datname = ANY($1)', [names])
    assert.equal(rows.length, 0, 'databases of the abandoned map are left')
    const same = await reshard(depsOf(), current.shards)
    assert.deepEqual([same.version, same.events, same.equal], [current.version, 0, true])
    assert.equal((await api.get(`/v1/accounts/${still[0]}/balances`)).status, 200, 'reads go on')
  })

  it('compares on, a smaller page at a time, when a database takes too long for its hashes', async function () {
    this.timeout(240_000)
    const { current } = (await readShardMaps(api.side.store))!
    const pools = shardUrls(current, servers).map((url) => createPool(url, { name: 'test', log, max: 2, statementMs: 1_000 }))
    const holder = await pools[0]!.connect()
    try {
      await holder.query('BEGIN')
      await holder.query('LOCK TABLE balances')
      let late = 0
      const warned = Object.assign(log.child({}), { warn: () => late++ === 0 && void holder.query('ROLLBACK') })
      const deps = { before: pools, after: pools, clock: systemClock, log: warned, signal: new AbortController().signal }
      const { before, after, accounts } = await compareMaps(deps)
      assert(late > 0 && accounts >= still.length && before === after, JSON.stringify([late, accounts]))
    } finally {
      holder.release()
      await Promise.all(pools.map((pool) => pool.end()))
    }
  })

  it('answers also by a reader that stood still until the shards it read from were gone', async function () {
    this.timeout(240_000)
    const { current } = (await readShardMaps(api.side.store))!
    const { clock, stop, goOn } = stoppableClock()
    const others = (await api.side.pools[0]!.query<{ process: string }>('SELECT process FROM readers')).rows.map(({ process }) => process)
    const reader = await openReadApi({ urls: servers, storeUrl: node.url, local: false, clock })
    try {
      const paths = still.map((accountId) => `/v1/accounts/${accountId}/orders`)
      const before = await Promise.all(paths.map((path) => reader.get(path)))
      stop()
      // what five seconds without a heartbeat come to
      await api.side.pools[0]!.query(`UPDATE readers SET seen_at = '-infinity' WHERE process <> ALL ($1)`, [others])
      await reshard(depsOf(), current.shards + 1)
      const reads = Promise.all(paths.map((path) => reader.get(path)))
      goOn()
      for (const [n, { status, body }] of (await reads).entries())
        assert.deepEqual([status, body.data], [200, before[n]!.body.data], JSON.stringify(body))
      assert.equal((await reader.get('/v1/status')).status, 200)
    } finally {
      goOn()
      await reader.close()
    }
  })
})
