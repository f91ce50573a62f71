import assert from 'node:assert/strict'
import { systemClock } from '../../../src/platform/clock.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { migrateToLatest } from '../../../src/platform/migrations.ts'
import { createPool, type Pool, transaction } from '../../../src/platform/postgres.ts'
import { candlesOf, type RecordedTick } from '../../../src/projections/market/candle.ts'
import { partitionsOf } from '../../../src/projections/market/partitions.ts'
import { recordTicks } from '../../../src/projections/market/record-ticks.ts'
import { startTickRecorder } from '../../../src/projections/market/recorder.ts'
import { replaySource } from '../../../src/rpc/market-data/replay-source.ts'
import { realDataOrSkip } from '../../support/real-data.ts'
import { databaseUrls } from '../../support/services.ts'
import { openReadApi, type ReadApi } from '../queries/read-api.ts'

const log = createLog('test', 'silent')
const DAY = 86_400_000
const START = 20_000 * DAY

const tick = (sequence: number, time: number, price: number, symbol = 'BTC/USDT'): RecordedTick => ({
  ...{ symbol, price: BigInt(price) * 10n ** 12n, volume: 10n ** 12n, sourceId: `replay:test:${sequence}`, time, sequence },
})

describe('recording of market data', function () {
  this.timeout(60_000)
  let url: string
  let pool: Pool
  before(async () => {
    url = (await databaseUrls(1))[0]!
    await migrateToLatest(url, log)
    pool = createPool(url, { name: 'market-test', log })
  })
  after(() => pool.end())

  const record = (ticks: readonly RecordedTick[], partitions = partitionsOf(pool)) =>
    transaction(pool, (client) => recordTicks(client, partitions, ticks))
  const stored = async (symbol: string) => {
    const { rows } = await pool.query(
      `SELECT symbol, step, at, open, high, low, close, volume, ticks, opened_at AS "openedAt", closed_at AS "closedAt"
       FROM candles WHERE symbol = $1 ORDER BY step, at`,
      [symbol],
    )
    return rows.map((row) => ({
      ...row,
      at: Number(row.at),
      ticks: Number(row.ticks),
      openedAt: Number(row.openedAt),
      closedAt: Number(row.closedAt),
    }))
  }
  const made = (ticks: readonly RecordedTick[]) =>
    [...candlesOf(ticks)].sort((a, b) => (a.step === b.step ? a.at - b.at : a.step < b.step ? -1 : 1))

  it('adds batches to the candles of all lengths, in any order of their times', async () => {
    const ticks = Array.from({ length: 400 }, (_, n) => tick(n, START + ((n * 7_919) % 400) * 700, 100 + ((n * 31) % 17), 'A/B'))
    for (let n = 0; n < ticks.length; n += 90) await record(ticks.slice(n, n + 90))
    assert.deepEqual(await stored('A/B'), made(ticks))
  })

  it('counts a tick once, however often it comes', async () => {
    const ticks = Array.from({ length: 50 }, (_, n) => tick(n, START + n * 100, 100 + n, 'C/D'))
    assert.equal(await record(ticks.slice(0, 30)), 30)
    assert.equal(await record(ticks.slice(0, 30)), 0)
    assert.equal(await record(ticks), 20)
    await assert.rejects(
      transaction(pool, async (client) => {
        await recordTicks(client, partitionsOf(pool), [tick(50, START + 5_000, 1, 'C/D')])
        throw new Error('killed before the commit')
      }),
    )
    assert.equal(await record([tick(50, START + 5_000, 150, 'C/D')]), 1)
    assert.deepEqual(await stored('C/D'), made([...ticks, tick(50, START + 5_000, 150, 'C/D')]))
    const { rows } = await pool.query('SELECT price, source_id FROM marks WHERE symbol = $1', ['C/D'])
    assert.deepEqual(rows, [{ price: 150n * 10n ** 12n, source_id: 'replay:test:50' }])
  })

  it('keeps days apart in partitions, reads only those of the asked time, and drops those whose time is over', async () => {
    const partitions = partitionsOf(pool)
    const now = START + 100 * DAY
    await record(
      [0, 1, 2, 50, 99].map((day, n) => tick(n, START + day * DAY, 100, 'E/F')),
      partitions,
    )
    const plan = async (from: number) => {
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN SELECT * FROM candles WHERE step = '1s' AND symbol = 'E/F' AND at >= ${from} AND at < ${from + DAY} ORDER BY at DESC`,
      )
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    }
    const one = await plan(START + 50 * DAY)
    assert.match(one, new RegExp(`candles_1s_${20_000 + 50}`))
    assert.equal(
      [...one.matchAll(/candles_1s_\d+(?!\d)/g)].every(([name]) => name === `candles_1s_${20_000 + 50}`),
      true,
      one,
    )
    assert((await partitions.expire(now)) >= 4)
    const left = await pool.query<{ step: string; at: bigint }>(`SELECT step, at FROM candles WHERE symbol = 'E/F' ORDER BY step, at`)
    const of = (step: string) => left.rows.filter((row) => row.step === step).map(({ at }) => (Number(at) - START) / DAY)
    assert.deepEqual(of('1s'), [99])
    assert.deepEqual(of('1h').length, 5)
    // what was dropped is made again when its time is recorded again
    await record([tick(9, START, 100, 'E/F')], partitions)
  })

  it('records what it hears in one process of two, and goes on in the other', async () => {
    const listeners: ((ticks: readonly RecordedTick[]) => void)[] = []
    const market = { onTicks: (listener: (ticks: readonly RecordedTick[]) => void) => void listeners.push(listener) }
    const start = (owner: string) => startTickRecorder({ market, pool, owner, clock: systemClock, log, registry: createRegistry(owner) })
    const first = start('one')
    const now = Date.now()
    let sequence = 0
    const tell = () => {
      const next = tick(sequence, now + sequence, 100 + sequence, 'G/H')
      sequence++
      for (const listener of listeners) listener([next])
    }
    const count = async () => Number((await pool.query<{ n: bigint }>(`SELECT count(*) AS n FROM ticks WHERE symbol = 'G/H'`)).rows[0]!.n)
    const until = async (reached: () => Promise<boolean>) => {
      for (let n = 0; n < 400 && !(await reached()); n++) {
        tell()
        await systemClock.sleep(20)
      }
      assert(await reached())
    }
    await until(async () => (await count()) > 3)
    const second = start('two')
    await first.close()
    const before = await count()
    await until(async () => (await count()) > before)
    await second.close()
    const { rows } = await pool.query<{ n: bigint; d: bigint }>(
      `SELECT count(*) AS n, count(DISTINCT source_id) AS d FROM ticks WHERE symbol = 'G/H'`,
    )
    assert.equal(rows[0]!.n, rows[0]!.d)
  })

  it('makes of the real trades the candles that they are', async function () {
    const file = realDataOrSkip(this, 'ticks/btcusdt_spot_trades_20240808.csv.gz')
    const all: RecordedTick[] = []
    const partitions = partitionsOf(pool)
    for await (const ticks of replaySource({ file, symbol: 'BTC/USDT', clock: systemClock, pace: 'recorded', batch: 4_000 }).stream(
      new AbortController().signal,
    )) {
      all.push(...ticks)
      await record(ticks, partitions)
    }
    assert.equal(all.length, 19_904)
    assert.deepEqual(await stored('BTC/USDT'), made(all))
  })
})

describe('candles over HTTP', () => {
  let api: ReadApi
  before(async function () {
    this.timeout(60_000)
    api = await openReadApi()
    await api.side.startProjector({ feed: api.feed })
    const [first] = api.side.pools as [Pool]
    const ticks = Array.from({ length: 120 }, (_, n) => tick(n, START + n * 1_000, 100 + (n % 60), 'SOL/USDC'))
    await transaction(first, (client) => recordTicks(client, partitionsOf(first), ticks))
  })
  after(() => api.close())

  it('are paged newest first, within the times asked for', async () => {
    const get = (rest: string) => api.get(`/v1/candles?symbol=SOL/USDC&${rest}`)
    const minutes = await get('interval=1m')
    assert.equal(minutes.status, 200, JSON.stringify(minutes.body))
    const at = new Date(START).toISOString()
    assert.deepEqual(minutes.body.data, [
      { time: new Date(START + 60_000).toISOString(), open: '100', high: '159', low: '100', close: '159', volume: '60', ticks: 60 },
      { time: at, open: '100', high: '159', low: '100', close: '159', volume: '60', ticks: 60 },
    ])
    const times: string[] = []
    let cursor = ''
    do {
      const { body } = await get(`interval=1s&limit=50${cursor}`)
      times.push(...(body.data as { time: string }[]).map(({ time }) => time))
      cursor = body.nextCursor ? `&cursor=${String(body.nextCursor)}` : ''
    } while (cursor)
    assert.equal(times.length, 120)
    assert.equal(new Set(times).size, 120)
    const some = await get(`interval=1s&from=${new Date(START + 5_000).toISOString()}&to=${new Date(START + 8_000).toISOString()}`)
    assert.equal((some.body.data as unknown[]).length, 3)
    assert.deepEqual((await get('interval=1d&to=1999-01-01T00:00:00Z')).body.data, [])
    assert.equal((await get('interval=7m')).status, 400)
  })
})
