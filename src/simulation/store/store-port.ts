import type { AppendOutcome, EventStore, FollowOptions, RecordedEvent } from '../../events/store/event-store.ts'
import type { Buggify } from '../kernel/buggify.ts'
import type { Machine } from '../kernel/machine.ts'
import type { Random } from '../kernel/random.ts'
import type { Timeline } from '../kernel/timeline.ts'
import type { MemoryLog } from './memory-log.ts'

export interface StorePortOptions {
  readonly log: MemoryLog
  readonly machine: Machine
  readonly timeline: Timeline
  readonly random: Random
  readonly buggify: Buggify
  /** Positions up to which a filter has been delivered to anybody, so that what comes again is counted. */
  readonly delivered: Map<string, bigint>
  /** An append is under way: a good moment to die. */
  readonly onAppend: () => void
}

/** The store's own timer where the caller sets none, as the real client's. */
const APPEND_TIMEOUT_MS = 3_000
/** What a cut read had brought before it broke. */
const CUT_AFTER = 3

/** One process's way to the event store: round trips that take time, get lost, and are answered late, twice or not at all. */
export const storePort = (options: StorePortOptions): EventStore => {
  const { log, machine, timeline, random, buggify, onAppend } = options
  const hop = (): number => (buggify('slow_store') ? random.between(200, 2_500) : random.between(1, 12))

  const append: EventStore['append'] = async (stream, expected, events, timeoutMs = APPEND_TIMEOUT_MS) => {
    if (stream.startsWith('account-')) onAppend()
    const write = (): AppendOutcome => {
      const outcome = log.append(stream, expected, events, Math.round(timeline.now()))
      if (outcome.kind === 'conflict' && stream.startsWith('account-')) buggify.noted('append_conflict')
      return outcome
    }
    const silent = (): Promise<AppendOutcome> =>
      machine.call(timeoutMs, 0, () => ({ kind: 'unknown', reason: `no answer in ${timeoutMs} ms` }))
    if (buggify('append_lost')) return silent()
    if (buggify('append_late')) {
      timeline.at(timeline.now() + random.between(1, timeoutMs * 2), write)
      return silent()
    }
    if (buggify('append_unanswered')) {
      timeline.at(timeline.now() + random.between(1, 12), write)
      return random.chance(0.5)
        ? silent()
        : machine.call(15, random.between(1, 12), () => ({ kind: 'unknown', reason: 'the connection broke' }))
    }
    const there = hop()
    if (there > timeoutMs) {
      timeline.at(timeline.now() + there, write)
      return silent()
    }
    return machine.call(there, hop(), write)
  }

  async function* page(read: () => readonly RecordedEvent[]): AsyncIterable<RecordedEvent> {
    const events = await machine.call(0, hop() + hop(), read)
    if (buggify('read_cut')) {
      yield* events.slice(0, random.below(CUT_AFTER))
      throw new Error('the connection to the event store broke')
    }
    yield* events
  }

  return {
    append,
    readStream: (stream, from = 0n, maxCount = Number.MAX_SAFE_INTEGER) =>
      page(() => {
        const events = log.stream(stream)
        const first = Number(from - (events[0]?.revision ?? 0n))
        return events.slice(Math.max(0, first), Math.max(0, first) + maxCount)
      }),
    readBackwards: (stream, maxCount) => page(() => log.stream(stream).slice(-maxCount).reverse()),
    readAll: (after, maxCount = Number.MAX_SAFE_INTEGER) =>
      page(() => log.all.filter(({ position }) => position.commit > (after?.commit ?? -1n)).slice(0, maxCount)),
    newest: (maxCount) => page(() => log.all.slice(-maxCount).reverse()),
    head: () => machine.call(0, hop() + hop(), () => log.all.at(-1)?.position ?? { commit: 0n, prepare: 0n }),
    follow: (follow) => followLog(options, follow),
    setMaxCount: (stream, count) => machine.call(hop(), hop(), () => log.setMaxCount(stream, count)),
    connected: () => ({ ready: true }),
    close: async () => undefined,
  }
}

async function* followLog(
  { log, machine, timeline, random, buggify, delivered }: StorePortOptions,
  { after, streams, signal, batch }: FollowOptions,
): AsyncIterable<readonly RecordedEvent[]> {
  const wanted = new RegExp(streams)
  let next = after === undefined ? 0 : firstAfter(log.all, after.commit)
  let ring: (() => void) | undefined
  log.onAppend((appended) => {
    // of one append all events have one stream: what a server's filter keeps back wakes nobody
    if (!ring || !machine.alive() || signal.aborted || !wanted.test(appended[0]!.streamId)) return
    const rung = ring
    ring = undefined
    machine.deliver(timeline.now() + (buggify('feed_late') ? random.between(500, 6_000) : random.between(1, 20)), rung)
  })
  const onAbort = (): void => ring?.()
  signal.addEventListener('abort', onAbort, { once: true })
  // the way to the server and back, before the first event
  await machine.call(random.between(1, 12), random.between(1, 12), () => undefined)
  while (!signal.aborted) {
    const events: RecordedEvent[] = []
    while (next < log.all.length && events.length < batch) {
      const event = log.all[next++]!
      if (!wanted.test(event.streamId)) continue
      if (event.position.commit <= (delivered.get(streams) ?? -1n) && event.streamId.startsWith('account-')) buggify.noted('feed_again')
      delivered.set(streams, event.position.commit)
      events.push(event)
    }
    if (events.length > 0) yield events
    else if (next >= log.all.length)
      await new Promise<void>((resolve) => {
        ring = resolve
      })
  }
}

const firstAfter = (all: readonly RecordedEvent[], commit: bigint): number => {
  const found = all.findIndex(({ position }) => position.commit > commit)
  return found < 0 ? all.length : found
}
