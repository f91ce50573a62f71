import assert from 'node:assert/strict'
import { systemClock } from '../../../src/platform/clock.ts'
import { createPool } from '../../../src/platform/postgres.ts'
import { databaseUrls } from '../../support/services.ts'
import { accountHistory, append } from '../projections/history.ts'
import { freshAccounts, log } from '../projections/read-side.ts'
import { openReadApi, type ReadApi } from './read-api.ts'

describe('queries while a database is away', () => {
  const [one] = freshAccounts(1, 'd') as [string]
  let api: ReadApi
  before(async function () {
    this.timeout(60_000)
    api = await openReadApi()
    await api.side.startProjector({ feed: api.feed, health: api.health })
    const { commit } = await append(api.side.store, one, accountHistory(one, 3, 4))
    assert.equal((await api.get(`/v1/accounts/${one}/balances?minPosition=${commit}`)).status, 200)
  })
  after(() => api.close())

  it('answer 503 and say they are not ready, then serve again', async function () {
    this.timeout(60_000)
    const names = api.side.urls.map((url) => new URL(url).pathname.slice(1))
    const [elsewhere] = await databaseUrls(1)
    const admin = createPool(elsewhere!, { name: 'admin', log, max: 1 })
    const until = async (done: () => Promise<boolean>): Promise<void> => {
      for (const end = Date.now() + 20_000; !(await done()); await systemClock.sleep(50)) assert(Date.now() < end, 'took longer than 20 s')
    }
    try {
      for (const name of names) await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY($1)', [names])
      for (const path of [`accounts/${one}/orders`, `accounts/${one}/balances?limit=5`, `orders/${one}.77`, 'compensations', 'status']) {
        const { status, body, headers } = await api.get(`/v1/${path}`)
        assert.deepEqual([status, body.code], [503, 'not_ready'], path)
        assert(headers.get('retry-after'))
      }
      await until(async () => !api.health.report().ready)
    } finally {
      for (const name of names) await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)
      await admin.end()
    }
    await until(async () => api.health.report().ready)
    assert.equal((await api.get(`/v1/accounts/${one}/orders`)).status, 200)
    // the projector came back too
    const [later] = freshAccounts(1, 'd') as [string]
    const { commit } = await append(api.side.store, later, accountHistory(later, 4, 1))
    assert.equal((await api.get(`/v1/accounts/${one}/balances?minPosition=${commit}`)).status, 200)
  })
})
