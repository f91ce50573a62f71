// npm run -s bench:cold-load -- --events 1000000: fills the stream of one account in an embedded node of its own, lets a process fold it
// and write its snapshot, then measures how long processes that start anew need until they hold the account. Exit 1 above 100 ms.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createAccountHandler } from '../src/commands/handler/create-handler.ts'
import type { EventStore, NewEvent } from '../src/events/store/event-store.ts'
import { connectEventStore } from '../src/events/store/eventstore-db.ts'
import { accountStream } from '../src/events/streams.ts'
import { SCHEMA_VERSION } from '../src/events/upcast.ts'
import { monotonicMs, systemClock } from '../src/platform/clock.ts'
import { claimDataFolder } from '../src/platform/data-folder.ts'
import { derivedUuid, systemIds } from '../src/platform/ids.ts'
import { createLog } from '../src/platform/log.ts'
import { createRegistry } from '../src/platform/metrics.ts'
import { superviseParts } from '../src/platform/supervisor.ts'
import { longHistory } from './long-history.ts'

const ACCOUNT = 'old-hand'
const RUNS = 9
const MOST_MS = 100
/** Events of one append: the server takes 1 MiB. */
const BATCH = 900

const log = createLog('cold-load', process.env.QUANTBOT_LOG ?? 'warn')
const say = (line: string): void => void process.stderr.write(`${line}\n`)

const handlerOn = (store: EventStore) =>
  createAccountHandler({ store, clock: systemClock, ids: systemIds, log, registry: createRegistry('bench'), logId: 'cold-load' })

/** In a process of its own: from an open connection to the account, then to the segments that a first order needs. */
const measure = async (url: string): Promise<void> => {
  const store = await connectEventStore({ url, log, clock: systemClock })
  const handler = handlerOn(store)
  const before = process.cpuUsage()
  const began = monotonicMs()
  const state = await handler.load(ACCOUNT)
  const loaded = monotonicMs()
  const { user, system } = process.cpuUsage(before)
  // a cancel of an order that has ended is refused, on the newest fold
  const context = { commandId: 'c-1', correlationId: 'c', causationId: 'c', actor: 'bench', time: systemClock.now() }
  await handler.execute(ACCOUNT, { type: 'CancelOrder', number: 1 }, context)
  const answered = monotonicMs()
  process.send?.({
    ms: loaded - began,
    cpuMs: (user + system) / 1_000,
    answerMs: answered - loaded,
    revision: Number(state.revision),
    segments: state.segments,
    sealed: state.sealed.size,
  })
  process.exit(0)
}

interface Measured {
  readonly ms: number
  /** Of this process alone: what the load costs where nobody else wants the cores. */
  readonly cpuMs: number
  readonly answerMs: number
  readonly revision: number
  readonly segments: number
  readonly sealed: number
}

const inFreshProcess = (url: string): Promise<Measured> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--measure', url], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    child.on('message', (message) => resolve(message as Measured))
    child.on('exit', (code) => reject(new Error(`the process ended with ${code} before it had the account`)))
  })

const fill = async (store: EventStore, events: number): Promise<void> => {
  let batch: NewEvent[] = []
  let revision = -1n
  const began = monotonicMs()
  const flush = async (): Promise<void> => {
    const outcome = await store.append(accountStream(ACCOUNT), revision < 0n ? 'no_stream' : revision, batch, 60_000)
    if (outcome.kind !== 'appended') throw new Error(`could not fill the stream: ${outcome.kind}`)
    revision = outcome.revision
    batch = []
    if (revision % 90_000n < BigInt(BATCH)) say(`${revision + 1n} events, ${Math.round((monotonicMs() - began) / 1_000)} s`)
  }
  let n = 0
  for (const { type, data } of longHistory(ACCOUNT, events)) {
    const metadata = {
      $correlationId: 'fill',
      $causationId: 'fill',
      commandId: `fill-${n}`,
      actor: 'bench',
      schema: SCHEMA_VERSION,
      clock: 0,
    }
    batch.push({ id: derivedUuid(`fill-${n++}`), type, data, metadata })
    if (batch.length === BATCH) await flush()
  }
  if (batch.length > 0) await flush()
}

const bench = async (events: number): Promise<number> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'cold-load-'))
  await claimDataFolder(dataDir)
  const supervisor = superviseParts({ dataDir, log })
  try {
    const started = await supervisor.start({
      ...{ name: 'eventstore', entry: 'embedded/eventstore/main', env: { QUANTBOT_LOG: 'error' } },
      args: ([port]) => ['--db', join(dataDir, 'eventstore'), '--node-ip', '127.0.0.1', '--node-port', String(port), '--insecure'],
    })
    if (!started.ok) throw new Error(started.reason)
    const url = `esdb://127.0.0.1:${started.announcement.port}?tls=false`
    const store = await connectEventStore({ url, log, clock: systemClock })
    await fill(store, events)
    const began = monotonicMs()
    const warm = handlerOn(store)
    await warm.load(ACCOUNT)
    const fullFoldSeconds = Math.round((monotonicMs() - began) / 100) / 10
    await warm.close()
    say(`folded in full and packed, ${fullFoldSeconds} s`)
    const measured: Measured[] = []
    for (let run = 0; run < RUNS; run++) measured.push(await inFreshProcess(url))
    const coldLoadMs = measured.map(({ ms }) => Math.round(ms * 10) / 10)
    const medianMs = [...coldLoadMs].sort((a, b) => a - b)[RUNS >> 1]!
    const { revision, segments, sealed } = measured[0]!
    const cpuMs = measured.map((each) => Math.round(each.cpuMs * 10) / 10)
    const answerMs = measured.map((each) => Math.round(each.answerMs * 10) / 10)
    process.stdout.write(
      `${JSON.stringify({ events: revision + 1, fullFoldSeconds, medianMs, coldLoadMs, cpuMs, answerMs, segments, fromSnapshot: sealed === 0 })}\n`,
    )
    await store.close()
    return medianMs <= MOST_MS && sealed === 0 ? 0 : 1
  } finally {
    await supervisor.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' }, measure: { type: 'string' } } })
if (values.measure !== undefined) await measure(values.measure)
else process.exit(await bench(Number(values.events)))
