import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventStore } from '../src/events/store/event-store.ts'
import { connectEventStore } from '../src/events/store/eventstore-db.ts'
import { systemClock } from '../src/platform/clock.ts'
import { systemIds } from '../src/platform/ids.ts'
import { createLog } from '../src/platform/log.ts'
import { openAccounts, ordersIn } from './command-accounts.ts'
import { paired, quantile, type ResultLine, type RunOutcome, repeated, writeResults } from './harness.ts'
import { httpClient, openLoop, type Send, saturate } from './harness-load.ts'
import { type BenchPart, cpuMsOf, startPart } from './harness-process.ts'

// The write side over HTTP: durable resting limit orders, by the handler and by a naive read-then-append on the same store.
// Spread: over 1,000 accounts, each with a short history, the same ones for both. Hot: all on one account, which places and cancels. Then the handler at 70 % of what it sustained, open loop.

const KEY = 'bench-key'
const ACCOUNTS = 1_000
const IN_FLIGHT = 64
/** Fewer on one account: a naive writer among 64 loses nearly every race and its runs would not end. */
const HOT_IN_FLIGHT = 16
/** Events an account has behind it when the first run starts: 25 orders, placed and cancelled. Its runs make it longer, for both alike. */
const PAST_ORDERS = 25
const SPREAD_MS = 3_000
const HOT_MS = 3_000
const OPEN_MS = 5_000
/** A B B A twice: four values each. */
const ROUNDS = 2

interface Bench {
  readonly store: EventStore
  readonly node: BenchPart
  readonly servers: ReadonlyMap<string, BenchPart>
}

/** Orders of one run: what was acknowledged, to be held against the log. */
const orderBook = (accounts: readonly string[], send: Send) => {
  const tag = systemIds.uuid().slice(-12)
  const acked: string[] = []
  const faults = new Map<number, number>()
  let next = 0
  const place = async (): Promise<string | undefined> => {
    const n = next++
    const accountId = accounts[n % accounts.length]!
    const body = {
      accountId,
      clOrdId: `${tag}-${n}`,
      symbol: 'SOL/USDC',
      side: 'buy',
      type: 'limit',
      quantity: '0.01',
      price: '1',
      timeInForce: 'gtc',
    }
    const reply = await send({ method: 'POST', path: '/v1/orders', body })
    if (reply.status === 201) {
      acked.push(`${accountId}/${tag}-${n}`)
      return reply.body.orderId as string
    }
    faults.set(reply.status, (faults.get(reply.status) ?? 0) + 1)
    return undefined
  }
  return { acked, faults, place }
}

const measured = async (
  bench: Bench,
  contender: string,
  accounts: readonly string[],
  run: (book: ReturnType<typeof orderBook>, send: Send) => Promise<Record<string, number>>,
): Promise<RunOutcome> => {
  const server = bench.servers.get(contender)!
  const client = httpClient(server.announcement.url!, KEY, IN_FLIGHT * 4)
  const book = orderBook(accounts, client.send)
  // each account is as it is now in memory before the clock starts: routing keeps it so in a running product
  await warm(accounts.length, book.place)
  book.acked.length = 0
  book.faults.clear()
  const from = await bench.store.head()
  const cpu = (): number => (cpuMsOf(server.pid) ?? Number.NaN) + (cpuMsOf(bench.node.pid) ?? Number.NaN)
  const cpuBefore = cpu()
  const metrics = await run(book, client.send)
  const cpuMs = (cpu() - cpuBefore) / Math.max(1, book.acked.length)
  await client.close()
  const logged = await ordersIn(bench.store, from, new Set(accounts))
  const lost = book.acked.filter((key) => !logged.has(key)).length
  const doubled = [...logged.values()].filter((count) => count > 1).length
  const faults = [...book.faults].map(([status, count]) => `${count} × ${status}`).join(', ')
  say(`  ${contender}: ${JSON.stringify(metrics)}, ${book.acked.length} orders, lost ${lost}, doubled ${doubled}${faults && `, ${faults}`}`)
  return { metrics, cpuMs: Number.isNaN(cpuMs) ? null : cpuMs, correct: lost === 0 && doubled === 0 }
}

/** `count` orders, one to each account in turn, no more in flight than in a run. */
const warm = async (count: number, place: () => Promise<unknown>): Promise<void> => {
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) await place()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

const spread = (bench: Bench, accounts: readonly string[]) => (contender: string) =>
  measured(bench, contender, accounts, async (book) => ({
    'spread orders/s': await saturate(IN_FLIGHT, SPREAD_MS, async () => ((await book.place()) === undefined ? 0 : 1)),
  }))

const hot = (bench: Bench) => async (contender: string) => {
  const accounts = newAccounts(1)
  await openAccounts(bench.store, accounts, PAST_ORDERS)
  return measured(bench, contender, accounts, async (book, send) => ({
    // an account holds at most 500 open orders, so each is cancelled again: two commands
    'hot commands/s': await saturate(HOT_IN_FLIGHT, HOT_MS, async () => {
      const orderId = await book.place()
      if (orderId === undefined) return 0
      return (await send({ method: 'DELETE', path: `/v1/orders/${orderId}` })).status === 200 ? 2 : 1
    }),
  }))
}

const latency = (bench: Bench, accounts: readonly string[], perSecond: number) => () =>
  measured(bench, 'handler', accounts, async (book) => {
    const { latencies, perSecond: reached } = await openLoop(perSecond, OPEN_MS, book.place)
    return { 'open-loop orders/s': reached, 'p50 ms': quantile(latencies, 0.5), 'p99 ms': quantile(latencies, 0.99) }
  })

const main = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-command-path-'))
  const parts: BenchPart[] = []
  const start = async (...part: Parameters<typeof startPart>): Promise<BenchPart> => {
    parts.push(await startPart(...part))
    return parts.at(-1)!
  }
  try {
    const node = await start('embedded/eventstore/main', ['--db', folder, '--node-port', '0', '--insecure'])
    const url = process.env.EVENTSTORE_URL ?? node.announcement.url!
    const servers = new Map<string, BenchPart>()
    for (const contender of ['handler', 'naive'])
      servers.set(contender, await start('../bench/command-server', ['--eventstore', url, '--contender', contender, '--key', KEY]))
    const store = await connectEventStore({ url, log: createLog('bench', 'error'), clock: systemClock })
    const bench: Bench = { store, node, servers }

    const accounts = newAccounts(ACCOUNTS)
    await openAccounts(store, accounts, PAST_ORDERS)
    say(`spread over ${ACCOUNTS} accounts, ${IN_FLIGHT} in flight, ${SPREAD_MS / 1000} s a run`)
    const spreadLines = await paired(['handler', 'naive'], ROUNDS, spread(bench, accounts))
    say(`one hot account, ${HOT_IN_FLIGHT} in flight, ${HOT_MS / 1000} s a run`)
    const hotLines = await paired(['handler', 'naive'], ROUNDS, hot(bench))
    const rate = Math.floor(median(spreadLines, 'handler') * 0.7)
    say(`open loop at ${rate} orders/s (70 % of the handler's median)`)
    const openLines = await repeated('handler', 3, latency(bench, accounts, rate))
    await store.close()

    const load = {
      accounts: ACCOUNTS,
      pastOrders: PAST_ORDERS,
      inFlight: IN_FLIGHT,
      hotInFlight: HOT_IN_FLIGHT,
      order: 'resting limit',
      spreadMs: SPREAD_MS,
      hotMs: HOT_MS,
      openLoopPerSecond: rate,
      rounds: ROUNDS,
    }
    const file = writeResults('command-path', load, [...spreadLines, ...hotLines, ...openLines])
    const ratio = (lines: readonly ResultLine[]): string => (median(lines, 'handler') / Math.max(1e-9, median(lines, 'naive'))).toFixed(1)
    for (const line of [...spreadLines, ...hotLines, ...openLines])
      say(
        `${line.contender} ${line.metric}: median ${line.median} (IQR ${line.iqr}), CPU ${line.cpuMs} ms an order, ${line.correct ? 'correct' : 'WRONG'}`,
      )
    say(`handler / naive: spread ${ratio(spreadLines)} (target 3), hot ${ratio(hotLines)} (target 5)`)
    say(file)
  } finally {
    for (const part of parts.reverse()) await part.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const newAccounts = (count: number): string[] => {
  const tag = systemIds.uuid().slice(-8)
  return Array.from({ length: count }, (_, i) => `b-${tag}-${i}`)
}

const median = (lines: readonly ResultLine[], contender: string): number => lines.find((line) => line.contender === contender)?.median ?? 0
const say = (line: string): void => void process.stdout.write(`${line}\n`)

await main()
process.exit()
