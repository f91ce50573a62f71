import { EventStoreDBClient, jsonEvent, WrongExpectedVersionError } from '@eventstore/db-client'
import { monotonicMs, systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { startNodeProcess } from './node-process.ts'

export interface CrashReport {
  readonly rounds: number
  /** Events whose append was answered. */
  readonly acked: number
  /** Acknowledged events that are not in the log. */
  readonly lost: number
  /** Events that stand in the log twice. */
  readonly doubled: number
  /** Revisions missing in a stream. */
  readonly gaps: number
  /** Appends of which only a part was kept. */
  readonly partial: number
  /** From starting the process to READY. */
  readonly recoveryMs: { readonly p50: number; readonly p99: number }
}

export interface CrashRounds {
  readonly rounds: number
  /** Folder of an embedded node, killed at the end of every round; or the URL of a running server, which only loses its clients. */
  readonly target: { readonly db: string } | { readonly url: string }
  readonly log?: (line: string) => void
}

/**
 * Writers append through the real client while the node is killed with SIGKILL again and again. What was cut off is repeated after
 * the restart with the same ids and the same expected revision, as the command handler does; then everything is read and counted.
 */
export const runCrashRounds = async ({ rounds, target, log = () => undefined }: CrashRounds): Promise<CrashReport> => {
  const writers = Array.from({ length: WRITERS }, (_, n) => createWriter(n))
  const startMs: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const node = 'db' in target ? await startNodeProcess({ db: target.db }) : undefined
    if (node !== undefined) startMs.push(node.startMs)
    const client = EventStoreDBClient.connectionString(node?.url ?? ('url' in target ? target.url : ''))
    const stop = new AbortController()
    const writing = Promise.all(writers.map((writer) => writer.write(client, stop.signal)))
    await systemClock.sleep(300 + systemIds.below(700))
    // first the kill, so that appends are cut in the middle
    await node?.end('SIGKILL')
    stop.abort()
    await Promise.race([writing, systemClock.sleep(5_000)])
    await client.dispose()
    log(`round ${round}: ${writers.reduce((sum, writer) => sum + writer.acked.size, 0)} acknowledged`)
  }
  const node = 'db' in target ? await startNodeProcess({ db: target.db }) : undefined
  if (node !== undefined) startMs.push(node.startMs)
  const client = EventStoreDBClient.connectionString(node?.url ?? ('url' in target ? target.url : ''))
  await Promise.all(writers.map((writer) => writer.settle(client)))
  const counts = await count(client, writers)
  await client.dispose()
  await node?.end('SIGTERM')
  startMs.sort((a, b) => a - b)
  const quantile = (q: number): number => Math.round(startMs[Math.min(startMs.length - 1, Math.floor(startMs.length * q))] ?? 0)
  return { rounds, ...counts, recoveryMs: { p50: quantile(0.5), p99: quantile(0.99) } }
}

/** Enough that every group commit carries several appends. */
const WRITERS = 24
/** Every fourth writer appends many events at once. */
const BATCH = 50
const PADDING = 'x'.repeat(200)

type SoakEvent = ReturnType<typeof soakEvent>
const soakEvent = (append: string, of: number) =>
  jsonEvent({ id: systemIds.uuid(), type: 'soaked', data: { append, of, padding: PADDING } })

interface Writer {
  readonly stream: string
  readonly acked: Set<string>
  write(client: EventStoreDBClient, signal: AbortSignal): Promise<void>
  /** Repeats the append whose outcome is unknown until it is known. */
  settle(client: EventStoreDBClient): Promise<void>
}

const createWriter = (n: number): Writer => {
  const stream = `soak-${systemIds.uuid()}`
  const size = n % 4 === 0 ? BATCH : 1
  // ANY is known again by the ids alone, an exact revision also by its place
  const exact = n % 2 === 0
  const acked = new Set<string>()
  let last = -1n
  let open: { readonly events: SoakEvent[]; readonly expectedRevision: bigint | 'any' | 'no_stream' } | undefined

  const settle = async (client: EventStoreDBClient): Promise<void> => {
    if (open === undefined) return
    const { events, expectedRevision } = open
    const began = monotonicMs()
    for (;;) {
      try {
        const answer = await client.appendToStream(stream, events, { expectedRevision })
        last = answer.nextExpectedRevision
        break
      } catch (error) {
        // nobody else writes this stream: the repetition of an append can't meet a foreign event
        if (error instanceof WrongExpectedVersionError) throw error
        if (monotonicMs() - began > 10_000) throw error
        await systemClock.sleep(50)
      }
    }
    for (const { id } of events) acked.add(id)
    open = undefined
  }

  return {
    stream,
    acked,
    settle,
    async write(client, signal) {
      while (!signal.aborted) {
        const append = systemIds.uuid()
        open ??= {
          events: Array.from({ length: size }, () => soakEvent(append, size)),
          expectedRevision: exact ? (last < 0n ? 'no_stream' : last) : 'any',
        }
        const { events, expectedRevision } = open
        try {
          const answer = await client.appendToStream(stream, events, { expectedRevision })
          last = answer.nextExpectedRevision
        } catch (error) {
          if (error instanceof WrongExpectedVersionError) throw error
          return
        }
        for (const { id } of events) acked.add(id)
        open = undefined
      }
    },
  }
}

const count = async (client: EventStoreDBClient, writers: readonly Writer[]): Promise<Omit<CrashReport, 'rounds' | 'recoveryMs'>> => {
  const streams = new Set(writers.map(({ stream }) => stream))
  const seen = new Set<string>()
  const next = new Map<string, bigint>()
  const appends = new Map<string, { found: number; readonly of: number }>()
  let doubled = 0
  let gaps = 0
  for await (const { event } of client.readAll()) {
    if (event === undefined || !streams.has(event.streamId)) continue
    if (seen.has(event.id)) doubled += 1
    seen.add(event.id)
    if (event.revision !== (next.get(event.streamId) ?? 0n)) gaps += 1
    next.set(event.streamId, event.revision + 1n)
    const { append, of } = event.data as unknown as { append: string; of: number }
    const entry = appends.get(append) ?? { found: 0, of }
    entry.found += 1
    appends.set(append, entry)
  }
  // the same through the streams' own index
  for (const stream of streams) {
    let revision = 0n
    for await (const { event } of client.readStream(stream)) {
      if (event?.revision !== revision || !seen.has(event.id)) gaps += 1
      revision += 1n
    }
    if (revision !== next.get(stream)) gaps += 1
  }
  const acked = writers.flatMap((writer) => [...writer.acked])
  return {
    acked: acked.length,
    lost: acked.filter((id) => !seen.has(id)).length,
    doubled,
    gaps,
    partial: [...appends.values()].filter(({ found, of }) => found !== of).length,
  }
}
