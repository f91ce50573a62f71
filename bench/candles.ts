import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/platform/clock.ts'
import { createLog } from '../src/platform/log.ts'
import { migrateToLatest } from '../src/platform/migrations.ts'
import { createPool, type Pool, transaction } from '../src/platform/postgres.ts'
import { candlesOf, type RecordedTick } from '../src/projections/market/candle.ts'
import { partitionsOf } from '../src/projections/market/partitions.ts'
import { recordTicks } from '../src/projections/market/record-ticks.ts'
import { replaySource } from '../src/rpc/market-data/replay-source.ts'
import { quantile, type RunOutcome, repeated, writeResults } from './harness.ts'
import { cpuMsOf, startPart } from './harness-process.ts'

// Real trades, one day after the other until there are enough, into ticks, candles of six lengths and the mark, committed batch by batch on the
// embedded Postgres. Correct: every tick is stored once, and the candles are those that the ticks make by a fold of all of them at once.

const FILE = 'ticks/btcusdt_spot_trades_20240808.csv.gz'
const BATCH = 5_000
/** Copies of the file, each the length of the file later: 300,000 ticks, some seconds of work. */
const COPIES = 15
const RUNS = 3
const TARGET = 50_000

const realFile = (): string | undefined => {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  return [1, 2, 3].map((up) => join(root, ...Array<string>(up).fill('..'), 'shared', 'data', FILE)).find((file) => existsSync(file))
}

const load = async (file: string): Promise<readonly RecordedTick[]> => {
  const once: RecordedTick[] = []
  for await (const ticks of replaySource({ file, symbol: 'BTC/USDT', clock: systemClock, pace: 'recorded' }).stream(
    new AbortController().signal,
  ))
    once.push(...ticks)
  const [first, last] = [once[0]!, once.at(-1)!]
  const length = last.time - first.time + 1
  const numbers = last.sequence! - first.sequence! + 1
  return Array.from({ length: COPIES }, (_, n) =>
    once.map((tick) => {
      const sequence = tick.sequence! + n * numbers
      return { ...tick, time: tick.time + n * length, sequence, sourceId: `replay:bench:${sequence}` }
    }),
  ).flat()
}

const isRight = async (pool: Pool, ticks: readonly RecordedTick[]): Promise<boolean> => {
  const { rows: stored } = await pool.query<{ n: bigint; d: bigint }>('SELECT count(*) AS n, count(DISTINCT source_id) AS d FROM ticks')
  if (stored[0]!.n !== BigInt(ticks.length) || stored[0]!.d !== stored[0]!.n) return false
  const { rows } = await pool.query<{ key: string; values: string }>(
    `SELECT step || ' ' || at AS key, concat_ws(' ', open, high, low, close, volume, ticks) AS values FROM candles`,
  )
  const made = new Map(candlesOf(ticks).map((c) => [`${c.step} ${c.at}`, `${c.open} ${c.high} ${c.low} ${c.close} ${c.volume} ${c.ticks}`]))
  return rows.length === made.size && rows.every(({ key, values }) => made.get(key) === values)
}

/** CPU of this process and of the server's processes that serve it, ms. */
const cpuOf = async (pool: Pool): Promise<number | null> => {
  const { rows } = await pool.query<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE application_name = 'quantbot-bench'`)
  const used = [process.pid, ...rows.map(({ pid }) => pid)].map(cpuMsOf)
  return used.some((ms) => ms === null) ? null : used.reduce<number>((sum, ms) => sum + (ms ?? 0), 0)
}

const run = async (pool: Pool, ticks: readonly RecordedTick[]): Promise<RunOutcome> => {
  await pool.query('TRUNCATE ticks, candles, tick_cursors, marks')
  const partitions = partitionsOf(pool)
  const latencies: number[] = []
  const cpu = await cpuOf(pool)
  const began = performance.now()
  for (let n = 0; n < ticks.length; n += BATCH) {
    const start = performance.now()
    await transaction(pool, async (client) => {
      await client.query('SET LOCAL synchronous_commit = off')
      await recordTicks(client, partitions, ticks.slice(n, n + BATCH))
    })
    latencies.push(performance.now() - start)
  }
  const seconds = (performance.now() - began) / 1_000
  const used = await cpuOf(pool)
  const metrics = { ticksPerSecond: ticks.length / seconds, batchP99Ms: quantile(latencies, 0.99) }
  return { metrics, cpuMs: cpu === null || used === null ? null : (used - cpu) / ticks.length, correct: await isRight(pool, ticks) }
}

const main = async (): Promise<void> => {
  const file = realFile()
  if (!file) {
    console.error(`bench:candles: skipped: ../shared/data/${FILE} is not here, and made-up ticks would say nothing`)
    return
  }
  const dir = await mkdtemp(join(tmpdir(), 'qb-candles-'))
  const log = createLog('bench', 'error')
  const node = await startPart('embedded/postgres/main', [
    '--db',
    join(dir, 'postgres'),
    '--password-file',
    join(dir, 'password'),
    '--databases',
    '1',
  ])
  const url = String((node.announcement.urls as string[])[0])
  const pool = createPool(url, { name: 'bench', log, max: 2 })
  try {
    await migrateToLatest(url, log)
    const ticks = await load(file)
    const lines = await repeated('recorder', RUNS, () => run(pool, ticks))
    const written = writeResults('candles', { ticks: ticks.length, batch: BATCH, file: FILE, target: TARGET }, lines)
    console.log(JSON.stringify(lines))
    console.error(written)
    const reached = lines.find(({ metric }) => metric === 'ticksPerSecond')
    if (!reached?.correct) process.exitCode = 1
  } finally {
    await pool.end()
    await node.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

await main()
