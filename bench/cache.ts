import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { monotonicMs, systemClock } from '../src/platform/clock.ts'
import type { RequestContext, Route } from '../src/platform/http/route.ts'
import { accountHistory, append } from '../test/integration/projections/history.ts'
import { openReadApi, type ReadApi } from '../test/integration/queries/read-api.ts'
import { type RunOutcome, repeated, writeResults } from './harness.ts'
import { startPart } from './harness-process.ts'
import { freshDatabases } from './projections/databases.ts'

// npm run bench:cache: the query function of one order (no HTTP) from each tier in turn: this process, Redis, Postgres. Every read is of an
// order that is in that tier and in no faster one, which the product's own counter proves. Then the same order over HTTP.

const ACCOUNTS = 40
const ORDERS = 25
/** In flight at a time: what a busy process has. */
const AT_ONCE = 16
/** Over all orders from this process: some seconds, so that the compiler's own start does not count for much. */
const PASSES = 300
/** Reads between two turns of the event loop. */
const TURN = 64
/** A machine that is busy elsewhere starts a server slowly. */
const PATIENCE_MS = 300_000

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
  const folder = mkdtempSync(join(tmpdir(), 'bench-cache-'))
  const parts = [
    await startPart('embedded/eventstore/main', ['--db', join(folder, 'eventstore'), '--node-port', '0', '--insecure'], PATIENCE_MS),
    await startPart(
      'embedded/postgres/main',
      ['--db', join(folder, 'postgres'), '--databases', '1', '--password-file', join(folder, 'password')],
      PATIENCE_MS,
    ),
    await startPart('embedded/redis/main', ['--port', '0'], PATIENCE_MS),
  ]
  const [node, postgres, redis] = parts.map(({ announcement }) => announcement)
  try {
    const urls = await freshDatabases(postgres!.urls![0]!, 1)
    const open = (redisUrl?: string): Promise<ReadApi> =>
      openReadApi({ urls, storeUrl: node!.url!, local: false, ...(redisUrl === undefined ? {} : { redisUrl }) })
    const cached = await open(redis!.url!)
    const plain = await open()
    // the cache writer must be connected before there is anything to write: what it misses is only found in Postgres
    await cached.side.startProjector({ redisUrl: redis!.url! })
    while (((await cached.registry.getSingleMetric('quantbot_cache_redis_up')!.get()).values[0]?.value ?? 0) !== 1)
      await systemClock.sleep(20)
    let head = 0n
    for (let n = 0; n < ACCOUNTS; n++)
      head = (await append(cached.side.store, `cache-${n}`, accountHistory(`cache-${n}`, n + 1, ORDERS))).commit
    for (const api of [cached, plain])
      if ((await api.get(`/v1/accounts/cache-0/positions?minPosition=${head}`)).status !== 200)
        throw new Error('the read side has not caught up')
    const ids = Array.from({ length: ACCOUNTS * ORDERS }, (_, n) => `cache-${n % ACCOUNTS}.${1 + Math.floor(n / ACCOUNTS)}`)

    const lines = [
      ...(await repeated('postgres', Number(values.rounds), () => tier(plain, 'database', ids))),
      // each round's first pass finds nothing in a process that has just come up
      ...(await repeated('redis', Number(values.rounds), async () => {
        const fresh = await open(redis!.url!)
        await heardOf(fresh)
        const outcome = await tier(fresh, 'redis', ids)
        await fresh.close()
        return outcome
      })),
      ...(await repeated('process', Number(values.rounds), async () => {
        await tier(cached, undefined, ids)
        return tier(cached, 'process', ids, PASSES)
      })),
      ...(await repeated('HTTP, from the process', 1, () => overHttp(cached, `/v1/orders/${ids[0]}`))),
    ]
    const of = (contender: string, metric: string): number =>
      lines.find((line) => line.contender === contender && line.metric === metric)!.median
    for (const [name, base, wanted] of [
      ['process', 'postgres', 50],
      ['redis', 'postgres', 2],
    ] as const)
      say(
        `${name} : ${base} = ${(of(name, 'reads/s') / of(base, 'reads/s')).toFixed(1)} by reads/s, ${(of(base, 'own CPU µs/read') / of(name, 'own CPU µs/read')).toFixed(1)} by own CPU (wanted ${wanted})`,
      )
    for (const { contender, metric, median, correct } of lines) say(`  ${contender}: ${median} ${metric}${correct ? '' : ' WRONG TIER'}`)
    say(`written: ${writeResults('cache', { orders: ids.length, atOnce: AT_ONCE }, lines)}`)
    await cached.close()
    await plain.close()
  } finally {
    for (const part of parts.reverse()) await part.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Redis' documents are in force for a reader once it has heard a step of their shard. */
const heardOf = async (api: ReadApi): Promise<void> => {
  const look = api.routes.find(({ path }) => path === '/v1/orders/:orderId')!
  // another order each time: one whose read from the database ends after the first step stays in this process
  for (let n = 0; (await reads(api)).redis === 0; n++) {
    await ask(look, `cache-${n % ACCOUNTS}.1`)
    await systemClock.sleep(50)
  }
}

/** Reads every order `passes` times by the query function; correct when all of them came from the tier. */
const tier = async (
  api: ReadApi,
  expected: 'database' | 'redis' | 'process' | undefined,
  ids: readonly string[],
  passes = 1,
): Promise<RunOutcome> => {
  const query = api.routes.find(({ path }) => path === '/v1/orders/:orderId')!
  const before = await reads(api)
  const cpu = process.cpuUsage()
  const began = monotonicMs()
  let next = 0
  const total = ids.length * passes
  const worker = async (): Promise<void> => {
    while (next < total) {
      await ask(query, ids[next++ % ids.length]!)
      // a read from this process waits for nothing: without a turn now and then the signs of life of the projectors would not be heard
      if (next % TURN === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const seconds = (monotonicMs() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const after = await reads(api)
  const came = expected === undefined ? total : after[expected] - before[expected]
  return {
    metrics: { 'reads/s': total / seconds, 'own CPU µs/read': (user + system) / total },
    cpuMs: (user + system) / 1000 / total,
    // a machine that is busy elsewhere lets a sign of life come late, and what was cached is forgotten once
    correct: came >= total * 0.95,
  }
}

const ask = async (query: Route, orderId: string): Promise<void> => {
  // spelled out: to spread two objects into one took as long as the read itself
  const context: RequestContext = {
    grant: GRANT,
    params: { orderId },
    query: NO_QUERY,
    body: undefined,
    correlationId: 'c',
    traceparent: undefined,
    receivedAt: 0,
    signal: NEVER.signal,
  }
  const reply = await query.handle(context)
  if ('refusal' in reply || reply.status !== 200) throw new Error(`${orderId}: ${JSON.stringify(reply)}`)
}
const NEVER = new AbortController()
const NO_QUERY = {}
/** Made once, as that of a key is. */
const GRANT: RequestContext['grant'] = { keyId: 'b', scopes: new Set(['read']), accounts: '*' }

const reads = async ({ registry }: ReadApi): Promise<Record<'database' | 'redis' | 'process', number>> => {
  const { values } = await registry.getSingleMetric('quantbot_cache_reads_total')!.get()
  const of = (name: string): number => values.find(({ labels }) => labels.tier === name)?.value ?? 0
  return { database: of('database'), redis: of('redis'), process: of('process') }
}

/** The load comes from a process of its own; CPU is this one's, which serves. */
const overHttp = async ({ url }: ReadApi, path: string): Promise<RunOutcome> => {
  const cannon = createRequire(import.meta.url).resolve('autocannon')
  const cpu = process.cpuUsage()
  const child = spawn(process.execPath, [cannon, '-j', '-c', '32', '-d', '5', '-H', 'authorization: Bearer reader', url + path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  const { user, system } = process.cpuUsage(cpu)
  const { '2xx': answered, requests } = JSON.parse(text) as { '2xx': number; requests: { total: number; average: number } }
  return {
    metrics: { 'reads/s': requests.average, 'own CPU µs/read': (user + system) / answered },
    cpuMs: (user + system) / 1000 / answered,
    correct: answered === requests.total,
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

await main()
