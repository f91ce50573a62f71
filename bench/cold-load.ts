// npm run -s bench:cold-load -- --events 1000000: fills the stream of one account in an embedded node of its own and measures how long
// processes that have just come up need until they hold the account, when it has few events and when it has all of them; each time at worst,
// with as many events behind the snapshot as there can be. The processes have warmed themselves as they do before they take traffic, by other
// accounts; what it takes without that is told beside it. Exit 1 above 100 ms or when the long history costs more than the short one by half.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createAccountHandler } from '../src/commands/handler/create-handler.ts'
import { SNAPSHOT_EVERY } from '../src/commands/handler/snapshot-writer.ts'
import { warmStart } from '../src/commands/handler/warm-start.ts'
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
import { quantile, type RunOutcome, repeated, writeResults } from './harness.ts'
import { longHistory } from './long-history.ts'

const ACCOUNT = 'old-hand'
const RUNS = 9
const MOST_MS = 100
/** Times the load of a short history: it may not grow with what is in the log. */
const MOST_GROWTH = 1.5
/** A short history that fills what a snapshot holds of closed ids and books, as a long one does. */
const SHORT = 10_000
/** One event more and the load itself would write a snapshot. */
const TAIL = Number(SNAPSHOT_EVERY) - 1
/** Events of one append: the server takes 1 MiB. */
const BATCH = 900
/** The accounts that were last active, each with rather less than what there can be behind a snapshot. */
const OTHERS = 64
const OTHERS_EVENTS = 195
/** Events of each that are newer than all of the account's: it must not be among those that a process warms itself by. */
const LAST_ACTIVE = 65
/** Of one append, the machine being busy with whatever else. */
const TRIES = 5

const log = createLog('cold-load', process.env.QUANTBOT_LOG ?? 'warn')
const say = (line: string): void => void process.stderr.write(`${line}\n`)

const handlerOn = (store: EventStore) =>
  createAccountHandler({ store, clock: systemClock, ids: systemIds, log, registry: createRegistry('bench'), logId: 'cold-load' })

/** In a process of its own: from an open connection, or a process ready for traffic, to the account, then to the segments that a first order needs. */
const measure = async (url: string, warm: boolean): Promise<void> => {
  const store = await connectEventStore({ url, log, clock: systemClock })
  const handler = handlerOn(store)
  const starting = monotonicMs()
  if (warm) await warmStart({ store, clock: systemClock, log }, handler, new AbortController().signal).over
  const warmMs = monotonicMs() - starting
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
    warmMs,
    revision: Number(state.revision),
    sealed: state.sealed.size,
  })
  process.exit(0)
}

interface Measured {
  readonly ms: number
  /** Of this process alone: what the load costs where nobody else wants the cores. */
  readonly cpuMs: number
  readonly answerMs: number
  /** What the process took to be ready for traffic, ms. */
  readonly warmMs: number
  readonly revision: number
  readonly sealed: number
}

const inFreshProcess = (url: string, warm: boolean): Promise<Measured> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--measure', url, ...(warm ? ['--warm'] : [])], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child.on('message', (message) => resolve(message as Measured))
    child.on('exit', (code) => reject(new Error(`the process ended with ${code} before it had the account`)))
  })

/** Appends the history piece by piece; each call goes on where the last one ended. */
const filler = (store: EventStore, accountId: string, most: number) => {
  const history = longHistory(accountId, most)[Symbol.iterator]()
  let revision = -1n
  let written = 0
  const append = async (batch: readonly NewEvent[]): Promise<void> => {
    for (let tried = 1; ; tried++) {
      const outcome = await store.append(accountStream(accountId), revision < 0n ? 'no_stream' : revision, batch, 60_000)
      if (outcome.kind === 'appended') {
        revision = outcome.revision
        return
      }
      const why = outcome.kind === 'unknown' ? outcome.reason : `a conflict at ${outcome.actual}`
      if (outcome.kind === 'conflict' || tried === TRIES) throw new Error(`could not fill the stream: ${why}`)
      // the same ids at the same revision are written once
      say(`an append again: ${why}`)
    }
  }
  return async (upTo: number): Promise<void> => {
    const began = monotonicMs()
    while (written < upTo) {
      const batch: NewEvent[] = []
      while (batch.length < BATCH && written < upTo) {
        const { value, done } = history.next()
        if (done) break
        const metadata = {
          $correlationId: 'fill',
          $causationId: 'fill',
          commandId: `fill-${accountId}-${written}`,
          actor: 'bench',
          schema: SCHEMA_VERSION,
          clock: 0,
        }
        batch.push({ id: derivedUuid(`fill-${accountId}-${written++}`), type: value.type, data: value.data, metadata })
      }
      if (batch.length === 0) return
      await append(batch)
      if (written % 90_000 < BATCH) say(`${written} events, ${Math.round((monotonicMs() - began) / 1_000)} s`)
    }
  }
}

/** Fills up to `events`, the last of them behind the snapshot, and loads in fresh processes. */
const measureAt = async (
  store: EventStore,
  url: string,
  fillUpTo: (n: number) => Promise<void>,
  events: number,
  fillOthers: () => Promise<void>,
) => {
  await fillUpTo(events - TAIL)
  const began = monotonicMs()
  const warm = handlerOn(store)
  await warm.load(ACCOUNT)
  await warm.close()
  say(`${events - TAIL} events folded in full and packed, ${Math.round(monotonicMs() - began) / 1_000} s`)
  await fillUpTo(events)
  await fillOthers()
  return repeated(`${events} events`, RUNS, () => loaded(url, events, true))
}

const loaded = async (url: string, events: number, warm: boolean): Promise<RunOutcome> => {
  const { ms, cpuMs, answerMs, warmMs, revision, sealed } = await inFreshProcess(url, warm)
  // a fold of the whole stream has sealed its segments itself
  const fromSnapshot = sealed === 0
  const correct = fromSnapshot && Math.abs(revision + 1 - events) <= 1
  return { metrics: { loadMs: ms, answerMs, loadCpuMs: cpuMs, warmMs }, cpuMs, correct }
}

const bench = async (events: number): Promise<number> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'cold-load-'))
  await claimDataFolder(dataDir)
  const supervisor = superviseParts({ dataDir, log })
  try {
    const started = await supervisor.start({
      name: 'eventstore',
      entry: 'embedded/eventstore/main',
      env: { QUANTBOT_LOG: 'error' },
      args: ([port]) => ['--db', join(dataDir, 'eventstore'), '--node-ip', '127.0.0.1', '--node-port', String(port), '--insecure'],
    })
    if (!started.ok) throw new Error(started.reason)
    const url = `esdb://127.0.0.1:${started.announcement.port}?tls=false`
    const store = await connectEventStore({ url, log, clock: systemClock })
    const fillUpTo = filler(store, ACCOUNT, events)
    const others = Array.from({ length: OTHERS }, (_, n) => filler(store, `neighbour-${n}`, OTHERS_EVENTS))
    const fillOthers = async (upTo: number): Promise<void> => {
      for (const fill of others) await fill(upTo)
    }
    await fillOthers(OTHERS_EVENTS - 2 * LAST_ACTIVE)
    const short = await measureAt(store, url, fillUpTo, Math.min(SHORT, events), () => fillOthers(OTHERS_EVENTS - LAST_ACTIVE))
    const long = await measureAt(store, url, fillUpTo, events, () => fillOthers(OTHERS_EVENTS))
    const bare = await repeated('not warmed', RUNS, () => loaded(url, events, false))
    const median = (lines: typeof long, metric: string): number => lines.find((line) => line.metric === metric)!.median
    const growth = quantile([median(long, 'loadCpuMs') / median(short, 'loadCpuMs')], 0.5)
    writeResults('cold-load', { events, short: SHORT, tail: TAIL, cpuGrowth: growth }, [...short, ...long, ...bare])
    process.stdout.write(
      `${JSON.stringify({ events, medianMs: median(long, 'loadMs'), medianCpuMs: median(long, 'loadCpuMs'), cpuGrowth: growth, runs: [...short, ...long, ...bare] })}\n`,
    )
    await store.close()
    const correct = [...short, ...long, ...bare].every((line) => line.correct)
    return correct && median(long, 'loadMs') <= MOST_MS && growth <= MOST_GROWTH ? 0 : 1
  } finally {
    await supervisor.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, measure: { type: 'string' }, warm: { type: 'boolean', default: false } },
})
if (values.measure !== undefined) await measure(values.measure, values.warm)
else process.exit(await bench(Number(values.events)))
