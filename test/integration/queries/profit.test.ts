import assert from 'node:assert/strict'
import type { Pool } from '../../../src/platform/postgres.ts'
import { accountHistory, append } from '../projections/history.ts'
import { freshAccounts } from '../projections/read-side.ts'
import { openReadApi, type ReadApi } from './read-api.ts'

type Row = Record<string, string> & { mark: Record<string, unknown> | null }

describe('lots, profit and exposure over HTTP', () => {
  const [one] = freshAccounts(1, 'pnl') as [string]
  let api: ReadApi
  let position: string
  before(async function () {
    this.timeout(60_000)
    api = await openReadApi()
    await api.side.startProjector({ feed: api.feed })
    position = String((await append(api.side.store, one, accountHistory(one, 3, 120))).commit)
  })
  after(() => api.close())

  const data = async <T>(rest: string): Promise<T> => {
    const { status, body } = await api.get(`/v1/accounts/${one}/${rest}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body.data as T
  }
  const pnl = async (method: string): Promise<Row> => {
    const { bySymbol } = await data<{ bySymbol: Row[] }>(`pnl?method=${method}&minPosition=${position}`)
    return bySymbol[0]!
  }
  const setMark = (pool: Pool, price: string, at: number) =>
    pool.query(
      `INSERT INTO marks (symbol, price, source_id, at) VALUES ('SOL/USDC', $1, 'test:1', $2)
       ON CONFLICT (symbol) DO UPDATE SET price = excluded.price, at = excluded.at`,
      [price, at],
    )

  it('pages open lots, oldest first, that add up to the position', async () => {
    const [held] = await data<Row[]>(`positions?minPosition=${position}`)
    const paged: Row[] = []
    let cursor = ''
    do {
      const { body } = await api.get(`/v1/accounts/${one}/lots?limit=7${cursor}`)
      paged.push(...(body.data as Row[]))
      cursor = body.nextCursor ? `&cursor=${String(body.nextCursor)}` : ''
    } while (cursor)
    assert(paged.length > 20)
    assert.deepEqual(paged, await data('lots?limit=1000'))
    const nano = (text: string): bigint => BigInt(Math.round(Number(text) * 1e9))
    assert.equal(
      paged.reduce((sum, lot) => sum + nano(lot.qty!), 0n),
      nano(held!.qty!),
    )
    // a busted trade's lot is not there, its second landing is
    const executions = await data<Row[]>('executions?limit=1000')
    const gone = executions.filter(({ busted }) => busted).map(({ execId }) => execId)
    assert(gone.length > 0)
    assert(paged.every(({ lotId }) => !gone.includes(lotId!)))
  })

  it('values what is open at a cited mark, by both methods, and says nothing without one', async () => {
    const [first] = api.side.pools as [Pool]
    const unmarked = await pnl('fifo')
    assert.deepEqual([unmarked.mark, unmarked.unrealizedPnl, unmarked.totalPnl], [null, null, null])
    assert.deepEqual((await data<{ totals: unknown }>('exposure')).totals, [
      { asset: 'USDC', gross: '0', net: '0', unmarked: ['SOL/USDC'] },
    ])

    await setMark(first, String(200n * 10n ** 12n), Date.now())
    for (const method of ['fifo', 'avg']) {
      const row = await pnl(method)
      assert.deepEqual([row.mark!.price, row.mark!.sourceId], ['200', 'test:1'])
      assert.equal(row.mark!.stale, undefined)
      const micro = (text: string): number => Math.round(Number(text) * 1e6)
      assert.equal(micro(row.unrealizedPnl!), Math.round(Number(row.qty) * 200 * 1e6) - micro(row.cost!))
      assert.equal(micro(row.totalPnl!), micro(row.realizedPnl!) + micro(row.unrealizedPnl!))
    }
    const exposure = await data<{ positions: Row[]; totals: Row[] }>('exposure')
    assert.equal(exposure.positions[0]!.value, exposure.totals[0]!.net)
    await setMark(first, String(100n * 10n ** 12n), Date.now() - 60_000)
    assert.equal((await pnl('avg')).mark!.stale, true)
  })

  it('tells performance by quote asset, of the account and of a strategy', async () => {
    const [told] = await data<Record<string, unknown>[]>(`performance?minPosition=${position}`)
    const executions = await data<Row[]>('executions?limit=1000')
    assert.equal(told!.asset, 'USDC')
    assert.equal(told!.trades, executions.filter(({ execType, busted }) => execType === 'Trade' && !busted).length)
    assert((told!.equity as unknown[]).length > 1)
    assert.deepEqual(await data('performance?strategyId=none'), [])
    assert.equal((await api.get(`/v1/accounts/${one}/performance?capital=-1`)).status, 400)
  })

  it('takes a capital as fine as the quote asset, and refuses a finer one', async () => {
    const [told] = await data<Record<string, unknown>[]>('performance?capital=1000.123456000')
    assert.equal(told!.capital, '1000.123456')
    const { status, body } = await api.get(`/v1/accounts/${one}/performance?capital=1000.1234567`)
    assert.equal(status, 400, JSON.stringify(body))
    assert.deepEqual(body.errors, [{ field: 'capital', reason: 'must have at most 6 decimals, as USDC has' }])
  })

  it('refuses another method and an account that is not there', async () => {
    assert.equal((await api.get(`/v1/accounts/${one}/pnl?method=lifo`)).status, 400)
    for (const path of ['pnl', 'exposure', 'lots', 'performance'])
      assert.equal((await api.get(`/v1/accounts/no-such-account/${path}`)).status, 404)
  })
})
