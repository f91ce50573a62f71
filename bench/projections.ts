import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connectEventStore } from '../src/events/store/eventstore-db.ts'
import { systemClock } from '../src/platform/clock.ts'
import { createLog } from '../src/platform/log.ts'
import { assignSlices, shardOf } from '../src/projections/shard-map.ts'
import { paired, type ResultLine, type RunOutcome, repeated, writeResults } from './harness.ts'
import { cpuMsOf, cpuMsWithChildren, startPart } from './harness-process.ts'
import { dropDatabases, freshDatabases, type Held, heldIn } from './projections/databases.ts'
import { filledLog, fillLog } from './projections/log.ts'
import { killedMidway, runContender } from './projections/run.ts'

// Catch-up of the read side: a log of many accounts' histories is projected from its beginning into four empty databases, by the product,
// by a raw loop, by two projectors that share the shards, and by nobody: the subscription alone. Correctness comes first: the rows of every
// run must be those of the log, digest by digest, also after a kill -9.

const SHARDS = 4

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      events: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '1' },
      only: { type: 'string' },
      log: { type: 'string' },
      beside: { type: 'string', default: 'product:2,subscription' },
    },
  })
  const [wanted, rounds] = [Number(values.events), Number(values.rounds)]
  const folder = mkdtempSync(join(tmpdir(), 'bench-projections-'))
  const logFolder = values.log ?? join(folder, 'eventstore')
  const node = await startPart('embedded/eventstore/main', ['--db', logFolder, '--node-port', '0', '--insecure'])
  const postgres = await startPart('embedded/postgres/main', [
    ...['--db', join(folder, 'postgres'), '--databases', '1', '--password-file', join(folder, 'password')],
  ])
  try {
    const url = node.announcement.url!
    const store = await connectEventStore({ url, log: createLog('bench', 'error'), clock: systemClock })
    const map = { version: 1, shards: SHARDS, assignment: assignSlices(SHARDS) }
    const log = await filledLog(join(logFolder, 'filled.json'), () =>
      fillLog(store, wanted, (accountId) => shardOf(map, accountId), SHARDS),
    )
    await store.close()
    say(`${log.events} events of ${log.accounts.length} accounts, ${SHARDS} shards`)
    const server = postgres.announcement.urls![0]!
    const task = { eventStoreUrl: url, heads: log.heads }

    let expected: Held | undefined
    const run = async (contender: string): Promise<RunOutcome> => {
      const databaseUrls = await freshDatabases(server, SHARDS)
      const cpu = () => ({
        postgres: cpuMsWithChildren(postgres.announcement.pid!) ?? Number.NaN,
        eventStore: cpuMsOf(node.pid) ?? Number.NaN,
      })
      const before = cpu()
      const { seconds, cpuMs, rows } = await runContender(contender, { ...task, databaseUrls })
      // the server has waited for its backends a moment after their clients have left
      await systemClock.sleep(300)
      const after = cpu()
      const [inPostgres, inEventStore] = [after.postgres - before.postgres, after.eventStore - before.eventStore]
      const held = await heldIn(databaseUrls)
      await dropDatabases(server, databaseUrls)
      expected ??= held
      const complete = contender === 'subscription' || held.events === log.events
      const correct = complete && (!makesRows(contender) || held.digest === expected.digest)
      const metrics = {
        'events/s': log.events / seconds,
        'rows written per event': rows / log.events,
        'own CPU µs/event': (cpuMs * 1000) / log.events,
        'Postgres CPU µs/event': (inPostgres * 1000) / log.events,
        'event store CPU µs/event': (inEventStore * 1000) / log.events,
      }
      say(
        `  ${contender}: ${JSON.stringify(metrics)}${correct ? '' : ` WRONG ${held.events} of ${log.events} events, digest ${held.digest}`}`,
      )
      return { metrics, cpuMs: (cpuMs + inPostgres + inEventStore) / log.events, correct }
    }

    if (values.only) {
      await run(values.only)
      return
    }
    say('correctness gate: the product is killed mid-way and goes on')
    const afterKill = async (contender: string): Promise<Held> => {
      const databaseUrls = await freshDatabases(server, SHARDS)
      await killedMidway(contender, { ...task, databaseUrls }, log.events / 3)
      const held = await heldIn(databaseUrls)
      await dropDatabases(server, databaseUrls)
      return held
    }
    expected = await afterKill('product')
    if (expected.events !== log.events) throw new Error(`after a kill ${expected.events} of ${log.events} events were there`)
    say(`  ${expected.events} events, ${expected.rows} rows, digest ${expected.digest.slice(0, 16)}`)

    const lines = await paired(['product', 'raw'], rounds, run)
    const [product, raw] = [eventsPerSecond(lines, 'product'), eventsPerSecond(lines, 'raw')]
    say(`product ${product} events/s, raw loop ${raw}: ${((100 * product) / raw).toFixed(1)} %`)
    for (const peer of values.beside.split(',').filter((peer) => peer !== '')) {
      // throughput with lost or doubled events is none
      const held = makesRows(peer) ? await afterKill(peer) : expected
      const sound = held.events === log.events && held.digest === expected.digest
      if (!makesRows(peer)) say(`${peer}: not killed, it makes no rows to compare`)
      else say(`${peer}: killed mid-way it came to ${held.events} of ${log.events} events, ${sound ? 'the same digest' : 'ANOTHER digest'}`)
      lines.push(...(await repeated(peer, rounds, async () => ({ ...(await run(peer)), ...(sound ? {} : { correct: false }) }))))
      const theirs = eventsPerSecond(lines, peer)
      say(`product ${product} events/s, ${peer} ${theirs}: ${theirs === 0 ? 'not comparable' : `${(product / theirs).toFixed(1)} ×`}`)
    }
    say(`written: ${writeResults('projections', { events: log.events, accounts: log.accounts.length, shards: SHARDS }, lines)}`)
  } finally {
    await postgres.stop()
    await node.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The others do less than any projector has to: a counting row an event, or nothing but to read. */
const makesRows = (contender: string): boolean => contender !== 'subscription' && !contender.endsWith(':one-row')

const eventsPerSecond = (lines: readonly ResultLine[], contender: string): number =>
  lines.find((line) => line.contender === contender && line.metric === 'events/s')?.median ?? 0

const say = (line: string): void => void process.stderr.write(`${line}\n`)

await main()
