import { BACKWARDS, END, ErrorType, EventStoreDBClient, FORWARDS, jsonEvent, NO_STREAM, START } from '@eventstore/db-client'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { appendOnce } from './append-once.ts'
import { boundedRead } from './bounded-read.ts'
import { guardClientFaults } from './client-faults.ts'
import type { EventStore, Position, RecordedEvent } from './event-store.ts'
import { followAll } from './follow-all.ts'
import { recorded } from './recorded.ts'

/** A read is cut into calls of this many events: none holds a stream on the server for long. */
const PAGE = 2_000
/** A server that sends nothing for this long has failed the read. */
const READ_IDLE_MS = 10_000
/** Readiness is at most this old. */
const HEARTBEAT_MS = 1_000
const HEARTBEAT_IDLE_MS = 3_000
const CLOSE_MS = 500

export interface EventStoreDeps {
  /** `esdb://…` or `kurrentdb://…` connection string. */
  readonly url: string
  readonly log: Logger
  readonly clock: Clock
}

/** Opens the one EventStoreDB client of this process and waits until the server answers (bounded by `waitMs`). @throws when it does not */
export const connectEventStore = async ({ url, log, clock }: EventStoreDeps, waitMs = 30_000): Promise<EventStore> => {
  guardClientFaults(log)
  const client = EventStoreDBClient.connectionString(url.replace(/^kurrentdb/, 'esdb'))
  const stop = new AbortController()
  let health: { ready: boolean; detail?: string } = { ready: false, detail: 'not asked yet' }

  const head = async (idleMs = READ_IDLE_MS): Promise<Position> => {
    const newest = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 })
    for await (const { event } of boundedRead(newest, clock, idleMs)) {
      if (event) return recorded(event).position
    }
    return { commit: 0n, prepare: 0n }
  }
  const beat = async (): Promise<void> => {
    try {
      await head(HEARTBEAT_IDLE_MS)
      health = { ready: true }
    } catch (error) {
      health = { ready: false, detail: reason(error) }
    }
  }
  const heartbeat = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await clock.sleep(HEARTBEAT_MS, stop.signal).catch(() => undefined)
      if (!stop.signal.aborted) await beat()
    }
  }
  await firstAnswer(beat, () => health, clock, waitMs, url)
  const beating = heartbeat()

  async function* readStream(stream: string, from = 0n, maxCount = Number.MAX_SAFE_INTEGER): AsyncIterable<RecordedEvent> {
    let next = from
    for (let left = maxCount; left > 0; ) {
      const want = Math.min(left, PAGE)
      let got = 0
      try {
        const page = client.readStream(stream, { direction: FORWARDS, fromRevision: next, maxCount: want })
        for await (const { event } of boundedRead(page, clock, READ_IDLE_MS)) {
          if (!event) continue
          got++
          next = event.revision + 1n
          yield recorded(event)
        }
      } catch (error) {
        if (isMissing(error)) return
        throw error
      }
      if (got < want) return
      left -= got
    }
  }

  async function* readBackwards(stream: string, maxCount: number): AsyncIterable<RecordedEvent> {
    try {
      const page = client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount })
      for await (const { event } of boundedRead(page, clock, READ_IDLE_MS)) if (event) yield recorded(event)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  async function* readAll(after: Position | undefined, maxCount = Number.MAX_SAFE_INTEGER): AsyncIterable<RecordedEvent> {
    let last = after
    for (let left = maxCount; left > 0; ) {
      // a forward read of $all includes its start position: ask for one more and skip it
      const want = Math.min(left, PAGE) + (last ? 1 : 0)
      let got = 0
      const page = client.readAll({ direction: FORWARDS, fromPosition: last ?? START, maxCount: want })
      for await (const { event } of boundedRead(page, clock, READ_IDLE_MS)) {
        got++
        if (!event) continue
        const read = recorded(event)
        if (last && read.position.commit === last.commit && read.position.prepare === last.prepare) continue
        last = read.position
        left--
        yield read
      }
      if (got < want) return
    }
  }

  async function* newest(maxCount: number): AsyncIterable<RecordedEvent> {
    const page = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount })
    for await (const { event } of boundedRead(page, clock, READ_IDLE_MS)) if (event) yield recorded(event)
  }

  return {
    append: (stream, expected, events, timeoutMs) => appendOnce(client, clock, stream, expected, events, timeoutMs),
    readStream,
    readBackwards,
    readAll,
    newest,
    head: () => head(),
    follow: (options) => followAll(client, clock, log, options),
    setMaxCount: async (stream, count) => {
      const metadata = jsonEvent({ type: '$metadata', data: { $maxCount: count } })
      await client.appendToStream(`$$${stream}`, metadata, { expectedRevision: NO_STREAM }).catch((error: unknown) => {
        // someone set it before: the value is a constant of this product
        if ((error as { type?: string }).type !== ErrorType.WRONG_EXPECTED_VERSION) throw error
      })
    },
    connected: () => health,
    close: async () => {
      stop.abort()
      await beating
      // a stream that nobody reads any more never reports its end: the process is not held up for it
      await Promise.race([client.dispose(), clock.sleep(CLOSE_MS)])
    },
  }
}

const firstAnswer = async (
  beat: () => Promise<void>,
  health: () => { ready: boolean; detail?: string },
  clock: Clock,
  waitMs: number,
  url: string,
): Promise<void> => {
  const end = clock.now() + waitMs
  for (;;) {
    await beat()
    if (health().ready) return
    if (clock.now() > end) throw new Error(`event store ${withoutCredentials(url)} does not answer: ${health().detail ?? ''}`)
    await clock.sleep(200)
  }
}

const isMissing = (error: unknown): boolean => {
  const type = (error as { type?: string }).type
  return type === ErrorType.STREAM_NOT_FOUND || type === ErrorType.STREAM_DELETED
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
const withoutCredentials = (url: string): string => url.replace(/\/\/[^@/]*@/, '//')
