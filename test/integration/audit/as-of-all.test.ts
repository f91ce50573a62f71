import assert from 'node:assert/strict'
import { asOfAllRoute } from '../../../src/audit/as-of-all-route.ts'
import { balanceDocuments, replayAccount } from '../../../src/audit/replay.ts'
import { orderDocument } from '../../../src/events/order-document.ts'
import { accountHistory, append } from '../projections/history.ts'
import { freshAccounts } from '../projections/read-side.ts'
import { openReadApi, type ReadApi } from '../queries/read-api.ts'

interface AccountDocument {
  readonly accountId: string
  readonly balances: readonly Record<string, string>[]
  readonly positions: readonly Record<string, string>[]
  readonly orders: readonly Record<string, unknown>[]
}

describe('all accounts as of one past position, over all shards', () => {
  let api: ReadApi
  const accounts = freshAccounts(10, 'asof')
  before(async function () {
    this.timeout(240_000)
    api = await openReadApi({ bound: accounts, extra: asOfAllRoute })
    await api.side.startProjector({ feed: api.feed })
  })
  after(() => api.close())

  const pages = async (position: bigint, limit = 4): Promise<AccountDocument[]> => {
    const all: AccountDocument[] = []
    for (let cursor = ''; ; ) {
      const { status, body } = await api.get(`/v1/audit/as-of?position=${position}&limit=${limit}${cursor && `&cursor=${cursor}`}`, 'bound')
      assert.equal(status, 200, JSON.stringify(body))
      assert.equal(body.asOfPosition, String(position))
      all.push(...(body.data as AccountDocument[]))
      if (body.nextCursor === null) return all
      cursor = String(body.nextCursor)
    }
  }
  const nonZero = ({ settled, reserved }: { readonly settled: string; readonly reserved: string }): boolean =>
    settled !== '0' || reserved !== '0'

  it('is what a replay to that position says, of accounts that rest and of those that have moved on', async function () {
    this.timeout(240_000)
    const cuts: bigint[] = []
    const revisions = new Map(accounts.map((accountId) => [accountId, -1n]))
    const histories = new Map(accounts.map((accountId, n) => [accountId, [...accountHistory(accountId, 60 + n, 8)]]))
    // accounts end one after the other, so that at each cut some rest already and some are still to come
    for (const [n, accountId] of accounts.entries()) {
      const other = accounts[(n + 3) % accounts.length]!
      for (const one of [accountId, other]) {
        const history = histories.get(one)!
        const part = history.splice(0, one === accountId ? history.length : Math.ceil(history.length / 3))
        const { commit } = await append(api.side.store, one, part, revisions.get(one)!)
        revisions.set(one, revisions.get(one)! + BigInt(part.reduce((sum, events) => sum + events.length, 0)))
        if (part.length > 0) cuts.push(commit)
      }
    }
    for (const cut of cuts.filter((_, n) => n % 4 === 1)) {
      const told = new Map((await pages(cut)).map((one) => [one.accountId, one]))
      let replayed = 0
      for (const accountId of accounts) {
        const replay = await replayAccount(api.side.store, accountId, {
          within: (event) => event.position.commit <= cut,
          orders: { below: Number.MAX_SAFE_INTEGER, most: 100 },
        })
        const one = told.get(accountId)
        assert.equal(one === undefined, replay.last === undefined, `${accountId} at ${cut}`)
        if (!one) continue
        replayed++
        assert.deepEqual(one.balances, balanceDocuments(replay, api.instruments).filter(nonZero), `${accountId} at ${cut}`)
        assert.deepEqual(one.orders, JSON.parse(JSON.stringify(replay.orders.map(orderDocument))), `${accountId} at ${cut}`)
      }
      assert(replayed > 0)
    }
  })

  it('tells positions as the read model told them when they were new', async function () {
    this.timeout(240_000)
    const [accountId] = accounts as [string]
    const { body } = await api.get(`/v1/accounts/${accountId}/positions`)
    const then = BigInt(String(body.asOfPosition))
    const fresh = accountHistory(accountId, 999, 12).flatMap((events) => events.filter(({ type }) => type === 'TradeBooked'))
    const revision = (await lastRevision(accountId)) ?? -1n
    const { commit } = await append(api.side.store, accountId, [renamed(fresh.slice(0, 2))], revision)
    const moved = await api.get(`/v1/accounts/${accountId}/positions?minPosition=${commit}`)
    assert.notDeepEqual(moved.body.data, body.data)
    const asOf = async (position: bigint) => (await pages(position)).find((one) => one.accountId === accountId)!.positions
    assert.deepEqual(await asOf(then), body.data)
    assert.deepEqual(await asOf(BigInt(String(moved.body.asOfPosition))), moved.body.data)
  })

  it('waits for shards that have not come there, refuses what is beyond the log, and keeps to the key', async () => {
    const head = (await api.side.store.head()).commit
    assert.equal((await api.get(`/v1/audit/as-of?position=${head + 1_000_000n}`, 'bound')).status, 503)
    const { body } = await api.get('/v1/audit/as-of?limit=100', 'bound')
    assert.deepEqual(
      (body.data as AccountDocument[]).map((one) => one.accountId),
      [...accounts].sort(),
    )
    for (const query of ['position=x', 'limit=0', 'limit=101', 'cursor=a.b', 'more=1'])
      assert.equal((await api.get(`/v1/audit/as-of?${query}`, 'bound')).status, 400, query)
  })

  const lastRevision = async (accountId: string): Promise<bigint | undefined> => {
    for (const pool of api.side.pools) {
      const { rows } = await pool.query<{ revision: bigint }>('SELECT revision FROM accounts WHERE account_id = $1', [accountId])
      if (rows[0]) return rows[0].revision
    }
    return undefined
  }
  /** Trades of their own: the same ids would be the same executions. */
  const renamed = (trades: ReturnType<typeof accountHistory>[number]) =>
    trades.map(
      (trade) => ({ ...trade, data: { ...trade.data, execId: `${(trade.data as { execId: string }).execId}-again` } }) as typeof trade,
    )
})
