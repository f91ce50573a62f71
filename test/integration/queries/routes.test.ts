import assert from 'node:assert/strict'
import { accountStream } from '../../../src/events/streams.ts'
import { accountHistory, append, recordable } from '../projections/history.ts'
import { freshAccounts } from '../projections/read-side.ts'
import { openReadApi, type ReadApi } from './read-api.ts'

type Row = Record<string, string>

describe('queries over HTTP', () => {
  const [one, other] = freshAccounts(2, 'q') as [string, string]
  let api: ReadApi
  let position: string
  before(async function () {
    this.timeout(60_000)
    api = await openReadApi({ bound: [other] })
    await api.side.startProjector({ feed: api.feed })
    await append(api.side.store, other, accountHistory(other, 2, 3))
    position = String((await append(api.side.store, one, accountHistory(one, 1, 40))).commit)
  })
  after(() => api.close())

  const account = (rest: string): string => `/v1/accounts/${one}/${rest}`
  const rows = async (path: string): Promise<Row[]> => {
    const { status, body } = await api.get(path)
    assert.equal(status, 200, JSON.stringify(body))
    assert.match(String(body.asOfPosition), /^\d+$/)
    return body.data as Row[]
  }

  it('answers balances that add up, as of a position not below the one asked for', async () => {
    const { body } = await api.get(account(`balances?minPosition=${position}`))
    assert(BigInt(String(body.asOfPosition)) >= BigInt(position))
    for (const row of body.data as Row[]) {
      assert.deepEqual(Object.keys(row), ['asset', 'settled', 'reserved', 'available', 'provisional', 'withdrawable'])
      assert.equal(row.reserved, '0')
      assert.equal(row.settled, row.available)
    }
    assert.deepEqual(
      (body.data as Row[]).map((row) => row.asset),
      ['SOL', 'USDC'],
    )
    assert.equal(body.nextCursor, null)
  })

  it('gives the same balances and order from the database as from the cache', async () => {
    const cached = await rows(account(`balances?minPosition=${position}`))
    assert.deepEqual(await rows(account('balances?limit=1000')), cached)
    const [newest] = await rows(account('orders?limit=1'))
    const direct = await api.get(`/v1/orders/${newest!.orderId}`)
    assert.deepEqual(direct.body.data, newest)
    const byClient = await api.get(account(`orders/by-client-id/${newest!.clOrdId}`))
    assert.deepEqual(byClient.body.data, newest)
  })

  it('pages a list newest first, without gap or repeat', async () => {
    const all = await rows(account(`orders?limit=1000&minPosition=${position}`))
    assert.equal(all.length, 40)
    const paged: Row[] = []
    let cursor = ''
    do {
      const { body } = await api.get(account(`orders?limit=7${cursor}`))
      paged.push(...(body.data as Row[]))
      cursor = body.nextCursor ? `&cursor=${String(body.nextCursor)}` : ''
    } while (cursor)
    assert.deepEqual(paged, all)
    assert.deepEqual(
      all.map((row) => Number(row.orderId!.split('.')[1])),
      Array.from({ length: 40 }, (_, n) => 40 - n),
    )
  })

  it('tells executions whose trades less the busted ones are the position and the balance', async () => {
    const executions = await rows(account(`executions?limit=1000&minPosition=${position}`))
    const canceled = executions.filter((row) => row.execType === 'TradeCancel')
    assert(canceled.length > 0)
    for (const row of canceled) {
      assert.equal(row.lastQty, undefined)
      assert.equal(executions.find(({ execId }) => execId === row.execRefId)?.busted, true as unknown as string)
    }
    const traded = executions.filter((row) => row.execType === 'Trade' && !row.busted)
    const nano = (text: string): bigint => BigInt(Math.round(Number(text) * 1e9))
    const sum = traded.reduce((total, row) => total + nano(row.lastQty!), 0n)
    const [held] = await rows(account('positions'))
    assert.equal(nano(held!.qty!), sum)
    const sol = (await rows(account('balances'))).find((row) => row.asset === 'SOL')
    assert.equal(sol?.settled, held?.qty)
  })

  it('tells a ledger that is balanced per asset and event', async () => {
    const entries = await rows(account('ledger?limit=1000'))
    const sums = new Map<string, number>()
    for (const { entryId, asset, amount } of entries) {
      const key = `${entryId!.split('.')[0]}/${asset}`
      sums.set(key, (sums.get(key) ?? 0) + Math.round(Number(amount) * 1e9))
    }
    assert(entries.length > 100)
    assert([...sums.values()].every((sum) => sum === 0))
  })

  it('tells compensations: none unresolved, and a bound key sees its accounts alone', async () => {
    const unresolved = (await api.get('/v1/compensations?state=unresolved&limit=1000')).body.data as Row[]
    // Other tests write into the same log.
    assert.deepEqual(
      unresolved.filter((row) => row.accountId === one || row.accountId === other),
      [],
    )
    const resolved = await rows(`/v1/compensations?state=resolved&limit=1000&minPosition=${position}`)
    assert(resolved.some((row) => row.accountId === one))
    const bound = (await api.get('/v1/compensations?limit=1000', 'bound')).body.data as Row[]
    assert(bound.every((row) => row.accountId === other))
    assert.equal((await api.get('/v1/compensations', 'trade-only')).status, 200)
  })

  it('tells an unknown outcome as unresolved until it is proven', async () => {
    const [troubled] = freshAccounts(1, 'u') as [string]
    const history = accountHistory(troubled, 1, 200)
    const at = history.findIndex((events) => events[0]?.type === 'TransactionOutcomeUnknown')
    const until = await append(api.side.store, troubled, history.slice(0, at + 1))
    const of = async (minPosition: bigint): Promise<Row[]> =>
      (await rows(`/v1/compensations?state=unresolved&minPosition=${minPosition}`)).filter((row) => row.accountId === troubled)
    const open = await of(until.commit)
    assert.equal(open.length, 1)
    assert.equal(open[0]!.reverses, 'reservation')
    const count = history.slice(0, at + 1).flat().length
    const proven = await append(api.side.store, troubled, history.slice(at + 1, at + 2), BigInt(count - 1))
    assert.deepEqual(await of(proven.commit), [])
  })

  it('tells status: log, head, and no lag once all is processed', async () => {
    await api.get(account(`balances?minPosition=${position}`))
    const { status, body } = await api.get('/v1/status', 'trade-only')
    assert.equal(status, 200)
    assert.equal(body.logId, api.side.logId)
    const shards = body.shards as { shard: number; position: string; lagEvents: number }[]
    assert.deepEqual(
      shards.map(({ shard }) => shard),
      [0, 1, 2, 3],
    )
    assert(shards.every(({ position }) => /^\d+$/.test(position)))
    assert(BigInt(String(body.headPosition)) >= BigInt(position))
  })

  it('refuses in the right order: 400 before 403 before 404', async () => {
    const refused = async (path: string, key = 'reader'): Promise<[number, string]> => {
      const { status, body, headers } = await api.get(path, key)
      if (status >= 400) assert.match(headers.get('content-type') ?? '', /problem\+json/)
      return [status, String(body.code)]
    }
    for (const path of [
      account('balances?minPosition=-1'),
      account('balances?minPosition=1e3'),
      account(`balances?minPosition=${2n ** 64n}`),
      account('balances?minPosition=1&minPosition=2'),
      account('balances?surprise=1'),
      account('orders?limit=1001'),
      account('orders?limit=0'),
      account('orders?cursor=nonsense'),
      account(`orders?cursor=${Buffer.from('["x","orders/a","1"]').toString('base64url')}`),
      '/v1/accounts/house/balances',
      '/v1/accounts/a.b/balances',
      '/v1/orders/none',
      '/v1/orders/%00',
      '/v1/orders/..%2f..%2fetc',
      '/v1/orders/a.0',
      '/v1/compensations?state=lost',
      '/v1/status?x=1',
    ])
      assert.deepEqual(await refused(path), [400, 'invalid_request'], path)
    for (const list of ['balances', 'orders', 'executions', 'positions', 'ledger', 'orders/by-client-id/c-1']) {
      assert.deepEqual(await refused(account(list), 'bound'), [403, 'forbidden'], list)
      assert.deepEqual(await refused(`/v1/accounts/nobody/${list}`, 'bound'), [403, 'forbidden'], list)
      assert.deepEqual(await refused(`/v1/accounts/nobody/${list}`), [404, 'not_found'], list)
      assert.deepEqual(await refused(account(list), 'trade-only'), [403, 'forbidden'], list)
    }
    assert.deepEqual(await refused(`/v1/orders/${one}.1`, 'bound'), [403, 'forbidden'])
    assert.deepEqual(await refused(`/v1/orders/${one}.99999`), [404, 'not_found'])
    assert.deepEqual(await refused('/v1/orders/none.1'), [404, 'not_found'])
  })

  it('lets the shard pass a position of another stream by a tick, and refuses one beyond the head at once', async () => {
    // a stream that no shard's filter matches; twice, because each position needs a tick of its own
    for (let round = 0; round < 2; round++) {
      const outcome = await api.side.store.append(`key-${one}`, 'any', [recordable({ type: 'KeyRevoked', data: { keyId: one } })])
      assert(outcome.kind === 'appended')
      const { status, body } = await api.get(account(`balances?minPosition=${outcome.position.commit}`))
      assert.equal(status, 200, JSON.stringify(body))
      assert(BigInt(String(body.asOfPosition)) >= outcome.position.commit)
    }
    const began = Date.now()
    const beyond = await api.get(account(`balances?minPosition=${2n ** 62n}`))
    assert.equal(beyond.status, 503)
    assert.equal(beyond.body.code, 'not_ready')
    assert(beyond.headers.get('retry-after'))
    assert(Date.now() - began < 2_000)
  })

  it('says incomplete for an account whose events wait for a fix, and serves the others', async () => {
    const [broken] = freshAccounts(1, 'x') as [string]
    await append(api.side.store, broken, accountHistory(broken, 5, 1).slice(0, 2))
    const poison = await api.side.store.append(accountStream(broken), 1n, [recordable({ type: 'OrderInvented', data: {} })])
    assert(poison.kind === 'appended')
    const { status, body } = await api.get(`/v1/accounts/${broken}/balances?minPosition=${poison.position.commit}`)
    assert.equal(status, 200)
    assert.equal(body.incomplete, true)
    const fine = await api.get(account('balances?limit=10'))
    assert.equal(fine.body.incomplete, undefined)
  })
})
