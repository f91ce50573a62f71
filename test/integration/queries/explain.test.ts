import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { asOfAllRoute } from '../../../src/audit/as-of-all-route.ts'
import { type Pool, transaction } from '../../../src/platform/postgres.ts'
import { partitionsOf } from '../../../src/projections/market/partitions.ts'
import { STEPS } from '../../../src/projections/market/steps.ts'
import { READ_MODELS } from '../../../src/projections/read-models.ts'
import { shardOf } from '../../../src/projections/shard-map.ts'
import { readShardMap } from '../../../src/projections/shard-map-stream.ts'
import { accountHistory, append } from '../projections/history.ts'
import { freshAccounts } from '../projections/read-side.ts'
import { planOf, type Sent } from './plan.ts'
import { openReadApi, type ReadApi } from './read-api.ts'

interface Budget {
  /** Indexes of which one at least has to be used. */
  readonly index: readonly string[]
  /** Rows touched at most, those of the small tables left out: pages of ten are asked for, with one row more to see whether there is a next. */
  readonly touched: number
  /** Partitions at most. */
  readonly partitions?: number
  /** A table so small by nature that it may be read whole. */
  readonly whole?: string
}

/** Besides the rows of a page: the account's own. */
const FRAME = 1
const PAGE = 11

/** Every statement that readers send, by its name. */
const BUDGETS: Readonly<Record<string, Budget>> = {
  // one document each, as streams read them
  'position-of-symbol': { index: ['positions_pkey'], touched: FRAME + 1 },
  'execution-by-id': { index: ['executions_pkey'], touched: FRAME + 1 },
  'algo-of-order': { index: ['algos_pkey', 'algos_by_time'], touched: FRAME + 2 },
  'balances-by-asset': { index: ['balances_pkey'], touched: FRAME + PAGE },
  'positions-by-symbol': { index: ['positions_pkey'], touched: FRAME + PAGE },
  'orders-newest-first': { index: ['orders_pkey'], touched: FRAME + PAGE },
  'order-by-number': { index: ['orders_pkey'], touched: FRAME + 1 },
  // its order, the attempts of it, its fee
  'order-costs': { index: ['orders_pkey', 'transactions_pkey'], touched: FRAME + 6 },
  // the number by either of its ids, then the order
  'order-by-client-id': { index: ['orders_cl_ord_id', 'orders_pkey'], touched: FRAME + 4 },
  'executions-newest-first': { index: ['executions_by_time'], touched: FRAME + PAGE },
  'ledger-newest-first': { index: ['ledger_entries_pkey'], touched: FRAME + PAGE },
  // each symbol's mark, then as many lots of it as a page holds
  'lots-open': { index: ['lots_in_run'], touched: FRAME + 3 * PAGE },
  'pnl-avg': { index: ['positions_pkey'], touched: FRAME + 2 },
  'pnl-fifo': { index: ['lot_queues_pkey', 'lots_in_run'], touched: FRAME + 4 },
  withdrawals: { index: ['payouts_pkey'], touched: FRAME + PAGE },
  transfers: { index: ['payouts_pkey'], touched: FRAME + PAGE },
  'payout-by-ref': { index: ['payouts_pkey'], touched: FRAME + 1 },
  // the slices of each algo come by the index on it
  'algos-newest-first': { index: ['algos_by_time'], touched: FRAME + PAGE },
  'algo-by-id': { index: ['algos_pkey', 'algos_by_time'], touched: FRAME + 1 },
  // all of the account's trades: what they made is a sum over them
  'performance-account': { index: ['executions_by_time', 'executions_pkey'], touched: FRAME + 200 },
  'performance-strategy': { index: ['executions_by_time', 'executions_pkey', 'orders_strategy', 'orders_pkey'], touched: FRAME + 400 },
  // one partition holds a hundred years of days
  'performance-closes': { index: [], touched: 100, partitions: 1, whole: 'candles_1d_0' },
  'candles-newest-first': { index: ['_pkey'], touched: PAGE, partitions: 2 },
  'marks-of-symbols': { index: ['marks_pkey'], touched: 1 },
  'compensations-newest-first': { index: ['compensations_by_time'], touched: FRAME + PAGE },
  // all of the few accounts that the key may see
  'compensations-of-accounts': { index: ['compensations_pkey'], touched: FRAME + 100 },
  'divergences-newest-first': { index: ['divergences_newest'], touched: FRAME + PAGE },
  'divergences-of-accounts': { index: ['divergences_pkey', 'divergences_newest'], touched: FRAME + 100 },
  corrections: { index: ['corrections_pkey'], touched: FRAME + PAGE },
  'correction-by-id': { index: ['corrections_pkey'], touched: FRAME + 1 },
  status: { index: ['checkpoint_pkey'], touched: FRAME },
  'checkpoint-look': { index: ['checkpoint_pkey'], touched: 1 },
  'at-accounts': { index: ['accounts_pkey'], touched: PAGE },
  'at-balances': { index: ['balances_pkey'], touched: 3 * PAGE },
  'at-positions': { index: ['positions_pkey'], touched: 2 * PAGE },
  'at-orders': { index: ['orders_pkey', 'orders_cl_ord_id'], touched: 101 * PAGE },
}

/** Tables with a row or a handful for an account: more accounts fill them. */
const MADE: Readonly<Record<string, string>> = { text: "'x' || g", bigint: 'g', numeric: 'g', integer: 'g', boolean: 'false' }
const FEW_ROWS = new Set(['accounts', 'wallets', 'balances', 'positions', 'lot_queues', 'payouts', 'algos'])

/** Sent beside the answers, on one row or a handful: no plan of theirs could matter. */
const TRIFLES = new Set(['asset-decimals', 'reader-beat', 'replica-look', 'market-look', 'market-replica-look'])
/** Tables of a row or a handful, which are read faster whole. */
const SMALL = new Set(['checkpoint', 'completeness', 'paused_streams', 'instruments', 'marks', 'readers'])

describe('the plans of every query', () => {
  let api: ReadApi
  let pool: Pool
  /** Of the last event of these accounts. */
  let head = 0n
  const accounts = freshAccounts(3, 'plan')
  const [one] = accounts as [string]
  const day = Date.UTC(2026, 5, 1)

  before(async function () {
    this.timeout(240_000)
    // without a feed nothing is answered from the cache
    api = await openReadApi({ bound: accounts, extra: asOfAllRoute, local: false })
    const projector = await api.side.startProjector()
    for (const [n, accountId] of accounts.entries())
      head = (await append(api.side.store, accountId, accountHistory(accountId, 80 + n, 60))).commit
    for (const accountId of accounts) assert.equal((await api.get(`/v1/accounts/${accountId}/balances?minPosition=${head}`)).status, 200)
    // every shard has come so far: once the projector is closed none gets on, while others write into the same log
    while ((await api.get(asOf(), 'bound')).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50))
    pool = api.side.pools[shardOf((await readShardMap(api.side.store))!, one)]!
    // what is inserted below, no event has said
    await projector.close()
    await multiply(pool)
    await market(api.side.pools[0]!)
    for (const each of new Set([pool, api.side.pools[0]!]))
      await transaction(each, async (client) => {
        await client.query('SET LOCAL statement_timeout = 0')
        await client.query('ANALYZE')
      })
  })
  after(() => api.close())

  it('keep to their budgets: the index used, rows touched, partitions opened, no table read whole', async function () {
    this.timeout(240_000)
    const sent = await sentBy(async (soFar) => {
      for (const path of paths()) {
        const { status, body } = await api.get(
          path,
          path.startsWith('/v1/audit') || path === '/v1/compensations?limit=10' || path === '/v1/reconciliation?limit=10&state=resolved'
            ? 'bound'
            : 'reader',
        )
        assert([200, 404].includes(status), `${path}: ${JSON.stringify(body)}`)
      }
      // a stream that goes on from the beginning reads every document that the log says has changed since
      const away = new AbortController()
      const headers = { authorization: 'Bearer reader', 'last-event-id': '0' }
      const stream = await fetch(`${api.url}/v1/accounts/${one}/stream`, { headers, signal: away.signal })
      assert.equal(stream.status, 200)
      const read = stream.text().catch(() => undefined)
      while (!['position-of-symbol', 'execution-by-id', 'algo-of-order'].every((name) => soFar.has(name)))
        await new Promise((resolve) => setTimeout(resolve, 50))
      away.abort()
      await read
      // Sent with the beat of readiness alone, when no read has to wait.
      while (!soFar.has('checkpoint-look')) await new Promise((resolve) => setTimeout(resolve, 50))
    })
    const faults: string[] = []
    for (const [name, statement] of sent) {
      if (TRIFLES.has(name)) continue
      const budget = BUDGETS[name]
      if (!budget) {
        faults.push(`${name} has no budget`)
        continue
      }
      const onMarket = /candles|marks/.test(statement.text)
      const plan = await planOf(onMarket ? api.side.pools[0]! : pool, statement)
      const whole = [...plan.scanned].filter((table) => !SMALL.has(table) && table !== budget.whole)
      const small = [...plan.relations].every((table) => SMALL.has(table))
      if (whole.length > 0) faults.push(`${name} reads ${whole.join(', ')} whole`)
      if (!small && budget.index.length > 0 && ![...plan.indexes].some((used) => budget.index.some((index) => used.endsWith(index))))
        faults.push(`${name} uses ${[...plan.indexes].join(', ') || 'no index'}, not ${budget.index.join(' or ')}`)
      // whatever other tests left in the small ones is read as well
      const touched = [...plan.touched].reduce((sum, [table, rows]) => (SMALL.has(table) ? sum : sum + rows), 0)
      if (touched > budget.touched) faults.push(`${name} touches ${touched} rows, more than ${budget.touched}`)
      if (budget.partitions !== undefined && plan.relations.size > budget.partitions)
        faults.push(`${name} opens ${[...plan.relations].join(', ')}, more than ${budget.partitions}`)
    }
    assert.deepEqual(faults, [])
    assert.deepEqual(
      Object.keys(BUDGETS).filter((name) => !sent.has(name)),
      [],
      'budgets of statements that nobody sent',
    )
  })

  it('are those of every statement in the sources', () => {
    const folder = 'src/queries'
    const named = readdirSync(folder, { recursive: true })
      .map(String)
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...readFileSync(`${folder}/${file}`, 'utf8').matchAll(/name: '([a-z-]+)',\s*text/g)].map(([, name]) => name!))
    assert(named.length > 20)
    assert.deepEqual(
      named.filter((name) => !(name in BUDGETS) && !TRIFLES.has(name)),
      [],
    )
  })

  const asOf = (): string => `/v1/audit/as-of?limit=10&position=${head}`

  const paths = (): readonly string[] => [
    ...['balances', 'positions', 'orders', 'executions', 'ledger', 'lots', 'withdrawals', 'transfers', 'algos', 'corrections'].map(
      (name) => `/v1/accounts/${one}/${name}?limit=10`,
    ),
    ...['pnl', 'pnl?method=fifo', 'exposure', 'performance', 'performance?strategyId=none', 'withdrawals/none', 'transfers/none'].map(
      (name) => `/v1/accounts/${one}/${name}`,
    ),
    ...[
      `/v1/orders/${one}.7`,
      `/v1/orders/${one}.7/costs`,
      `/v1/accounts/${one}/orders/by-client-id/c-7`,
      `/v1/algos/${one}.none`,
      `/v1/corrections/${one}.none`,
      '/v1/reconciliation?limit=10',
      '/v1/status',
    ],
    ...['/v1/compensations?limit=10&state=resolved', '/v1/candles?symbol=SOL/USDC&interval=1m&limit=10&from=2026-06-01T00:00:00Z'],
    ...[asOf(), '/v1/compensations?limit=10', '/v1/reconciliation?limit=10&state=resolved'],
  ]

  /** Statements by name, as any pool of this process sends them. */
  const sentBy = async (work: (soFar: ReadonlyMap<string, Sent>) => Promise<void>): Promise<ReadonlyMap<string, Sent>> => {
    const sent = new Map<string, Sent>()
    const { query } = pg.Client.prototype
    pg.Client.prototype.query = function (this: pg.Client, ...all: unknown[]) {
      const config = all[0] as Partial<Sent> | string | undefined
      const known =
        typeof config === 'object' &&
        config?.name !== undefined &&
        /checkpoint|accounts|balances|orders|positions|candles|marks|payouts|algos|lots|executions|ledger|compensations/.test(
          config.text ?? '',
        )
      if (known && !/^(load|upsert)-|^checkpoint-(claim|move|read)|beat|lease/.test(config.name!))
        sent.set(config.name!, { values: [], ...config } as Sent)
      return (query as (...args: unknown[]) => unknown).apply(this, all)
    } as typeof query
    try {
      await work(sent)
    } finally {
      pg.Client.prototype.query = query
    }
    return sent
  }

  /** A shard's worth of other accounts around ours, so that reading a table whole would show. */
  const multiply = async (on: Pool): Promise<void> => {
    for (const table of new Set(
      READ_MODELS.map((model) => model.table as { name: string; columns: Record<string, readonly [string, string]> }),
    )) {
      const columns = Object.values(table.columns).map(([column]) => column)
      if (!columns.includes('account_id')) continue
      const { rowCount } = await on.query(`SELECT 1 FROM ${table.name} WHERE account_id = $1 LIMIT 1`, [one])
      if (!rowCount) {
        // the story above has none of these: rows of other accounts, whatever they say
        const made = Object.values(table.columns).map(([column, type]) => (column === 'account_id' ? `'other-' || g` : MADE[type]!))
        await on.query(`INSERT INTO ${table.name} (${columns.join(', ')}) SELECT ${made.join(', ')} FROM generate_series(1, 2_000) g`)
        continue
      }
      const copied = columns.map((column) => (column === 'account_id' ? `account_id || '-' || g` : column))
      await on.query(
        `INSERT INTO ${table.name} (${columns.join(', ')}) SELECT ${copied.join(', ')} FROM ${table.name}, generate_series(1, $2::integer) g WHERE account_id = $1`,
        [one, FEW_ROWS.has(table.name) ? 1_500 : 80],
      )
    }
  }

  const market = async (on: Pool): Promise<void> => {
    const partitions = partitionsOf(on)
    for (const step of STEPS)
      if (step.name === '1m' || step.name === '1d') {
        // a quarter of minutes is four partitions
        const times = Array.from({ length: 3_000 }, (_, n) => day - 90 * 86_400_000 + n * 45 * 60_000).map((at) => at - (at % step.ms))
        const own = [...new Set(times)]
        await partitions.ensure(step, own)
        await on.query(
          `INSERT INTO candles (symbol, step, at, open, high, low, close, volume, ticks, opened_at, closed_at)
           SELECT 'SOL/USDC', $1, at, 1, 1, 1, 1, 1, 1, at, at FROM unnest($2::bigint[]) at ON CONFLICT DO NOTHING`,
          [step.name, own],
        )
      }
    await on.query(`INSERT INTO marks (symbol, price, source_id, at) VALUES ('SOL/USDC', 1, 'x:1', 1) ON CONFLICT DO NOTHING`)
  }
})
