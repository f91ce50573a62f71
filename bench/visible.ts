import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connectEventStore } from '../src/events/store/eventstore-db.ts'
import { monotonicMs, systemClock } from '../src/platform/clock.ts'
import { systemIds } from '../src/platform/ids.ts'
import { createLog } from '../src/platform/log.ts'
import { openAccounts } from './command-accounts.ts'
import { quantile, type RunOutcome, repeated, writeResults } from './harness.ts'
import { httpClient, openLoop, saturate } from './harness-load.ts'
import { type BenchPart, startPart } from './harness-process.ts'

// From a command's acknowledgement to its order in the answer of a query that asks for that position, over HTTP: durable resting limit orders
// over many accounts, on the product itself (commands, projector and queries in one process; event store and Postgres beside it). First the knee, what
// it sustains with reads going on; then open loop at half of it. Every tenth order is read: each read would double the load.

const PAST_ORDERS = 5
const IN_FLIGHT = 64
const KNEE_MS = 6_000
const OPEN_MS = 10_000
const READ_EVERY = 10

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '3' }, rate: { type: 'string' }, accounts: { type: 'string', default: '500' } },
  })
  const count = Number(values.accounts)
  const folder = mkdtempSync(join(tmpdir(), 'bench-visible-'))
  const parts: BenchPart[] = []
  const start = async (...part: Parameters<typeof startPart>): Promise<BenchPart> => {
    parts.push(await startPart(...part))
    return parts.at(-1)!
  }
  try {
    const node = await start('embedded/eventstore/main', ['--db', join(folder, 'eventstore'), '--node-port', '0', '--insecure'])
    const postgres = await start('embedded/postgres/main', [
      ...['--db', join(folder, 'postgres'), '--databases', '4', '--password-file', join(folder, 'password')],
    ])
    const eventStore = node.announcement.url!
    const product = await start('main', ['--role', 'commands,projector,queries'], 180_000, {
      QUANTBOT_DATA: folder,
      PORT: '0',
      QUANTBOT_LOG: 'error',
      REDIS_URL: 'off',
      EVENTSTORE_URL: eventStore,
      DATABASE_URLS: postgres.announcement.urls!.join(','),
      // resting limit orders ask for neither price nor route: nobody is there
      VENUE_URL: 'http://127.0.0.1:9',
    })
    const { trader } = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as { trader: string }
    const store = await connectEventStore({ url: eventStore, log: createLog('bench', 'error'), clock: systemClock })
    const tag = systemIds.bytes(4).toString('hex')
    const accounts = Array.from({ length: count }, (_, n) => `v-${tag}-${n}`)
    await openAccounts(store, accounts, PAST_ORDERS)
    await store.close()

    const client = httpClient(product.announcement.url!, trader, IN_FLIGHT * 4)
    const visible: number[] = []
    let placed = 0
    let wrong = 0
    const refused = new Map<string, number>()
    const place = async (): Promise<boolean> => {
      const n = placed++
      const terms = { symbol: 'SOL/USDC', side: 'buy', type: 'limit', quantity: '0.01', price: '1', timeInForce: 'gtc' }
      const body = { accountId: accounts[n % count]!, clOrdId: `${tag}-${n}`, ...terms }
      const reply = await client.send({ method: 'POST', path: '/v1/orders', body })
      if (reply.status !== 201) {
        const why = `${reply.status} ${reply.body.code} ${reply.body.detail}`
        refused.set(why, (refused.get(why) ?? 0) + 1)
        return false
      }
      if (n % READ_EVERY === 0) await read(String(reply.body.orderId), String(reply.body.position))
      return true
    }
    const read = async (orderId: string, position: string): Promise<void> => {
      const acknowledged = monotonicMs()
      const { status, body } = await client.send({ method: 'GET', path: `/v1/orders/${orderId}?minPosition=${position}` })
      visible.push(monotonicMs() - acknowledged)
      if (status !== 200 || (body.data as { orderId?: string } | undefined)?.orderId !== orderId) wrong++
    }

    // each account is in memory and every statement planned before the clock starts
    await saturate(IN_FLIGHT, KNEE_MS / 3, async () => ((await place()) ? 1 : 0))
    const knee =
      values.rate === undefined ? await saturate(IN_FLIGHT, KNEE_MS, async () => ((await place()) ? 1 : 0)) : 2 * Number(values.rate)
    for (const [why, count] of refused) say(`  ${count} refused: ${why}`)
    say(`knee ${knee.toFixed(0)} orders/s, ${IN_FLIGHT} in flight; open loop at ${(knee / 2).toFixed(0)}`)
    const run = async (): Promise<RunOutcome> => {
      visible.length = 0
      wrong = 0
      // the read of a tenth order counts as part of its request here, so acknowledgement is not told apart
      const { perSecond } = await openLoop(knee / 2, OPEN_MS, place)
      const metrics = {
        'knee orders/s': knee,
        'orders/s': perSecond,
        reads: visible.length,
        'visible p50 ms': quantile(visible, 0.5),
        'visible p99 ms': quantile(visible, 0.99),
      }
      say(`  ${JSON.stringify(metrics)}${wrong === 0 ? '' : ` ${wrong} WRONG`}`)
      return { metrics, cpuMs: null, correct: wrong === 0 && visible.length > 0 }
    }
    const lines = await repeated('product', Number(values.runs), run)
    await client.close()
    const median = (metric: string): number => lines.find((line) => line.metric === metric)!.median
    say(`visible after p50 ${median('visible p50 ms')} ms (≤ 15), p99 ${median('visible p99 ms')} ms (≤ 50)`)
    say(`written: ${writeResults('visible', { accounts: count, inFlight: IN_FLIGHT, openMs: OPEN_MS, readEvery: READ_EVERY }, lines)}`)
  } finally {
    for (const part of parts.reverse()) await part.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

await main()
