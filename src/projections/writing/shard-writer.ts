import type { Position, RecordedEvent } from '../../events/store/event-store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { faultOf, isDataFault, isTransient, type Pool } from '../../platform/postgres.ts'
import type { ShardStep } from '../feed.ts'
import type { ProjectionMetrics } from '../metrics.ts'
import { type Applied, applyBatch, type Batch, type ShardState } from './apply-batch.ts'
import { type Checkpoint, isAfter, LeaseLost, type ShardClaim } from './checkpoint.ts'

export interface ShardWriterDeps {
  readonly pool: Pool
  readonly claim: ShardClaim
  readonly checkpoint: Checkpoint
  readonly publish: (step: ShardStep) => void
  readonly metrics: ProjectionMetrics
  readonly clock: Clock
  readonly log: Logger
  /** Aborts when the shard is no longer ours. */
  readonly signal: AbortSignal
}

/** Turns one shard's events into committed rows, batch after batch. */
export interface ShardWriter {
  readonly shard: number
  /** The stored checkpoint as far as known here. */
  position(): Position
  /** Queues the shard's events of a delivery; there are no others up to `to`. */
  push(events: readonly RecordedEvent[], to: Position): void
  /** Resolves while the queue has room: the subscription takes no more until then. */
  room(): Promise<void>
  /** Forgets what is queued: it will be delivered again. */
  clear(): void
  /** Undefined while batches go through, else what keeps them back. */
  trouble(): string | undefined
  pausedStreams(): number
  /** Whether it is catching up with the past. */
  behind(): boolean
  /** Settles when the writer has ended; rejects only on a bug. */
  readonly ended: Promise<void>
}

/** What a shard that is behind takes at a time: events of one account meet in it and are written as one row. */
const BATCH_EVENTS = 4_000
/** The next batch is at hand when one is written. */
const QUEUE_EVENTS = 2 * BATCH_EVENTS
/** An event this old when it arrives is history: a larger batch matters more than its delay. */
const BEHIND_MS = 5_000
/** A shard that is behind waits this long at most for a batch to fill: a full one writes a third fewer rows per event. */
const LINGER_MS = 3_000
/** And no longer than this for the next delivery: the end of the past must not look like a slow subscription. */
const QUIET_MS = 200
/** An idle shard's checkpoint follows the others this late: a restart scans little, and nobody pays a transaction per foreign event. */
const ADVANCE_MS = 500
/** Between two batches of the past the queue is empty for a moment: the past is not over before this. */
const PAST_MS = 1_000
const RETRY_MS = [50, 100, 250, 500, 1_000] as const
const WOKEN = 'woken'

export const startShardWriter = (deps: ShardWriterDeps): ShardWriter => {
  const { pool, claim, publish, metrics, clock, log, signal } = deps
  const labels = { shard: String(claim.shard) }
  const whose = { map: claim.mapVersion, shard: claim.shard, fence: claim.fence }
  let position = deps.checkpoint.position
  let seen = position
  /** Undefined when it has to be read from the database: at first, and after every fault. */
  let state: ShardState | undefined
  let trouble: string | undefined
  let queue: Batch[] = []
  let queued = 0
  let wake: (() => void) | undefined
  const drained: (() => void)[] = []
  let over = false
  /** When the last batch of the past was written. */
  let pastAt = Number.NEGATIVE_INFINITY

  const freeRoom = (): void => {
    metrics.lagEvents.set(labels, queued)
    if (queued < QUEUE_EVENTS || over) for (const resolve of drained.splice(0)) resolve()
  }

  const isOld = (event: RecordedEvent | undefined): boolean => event !== undefined && clock.now() - event.created > BEHIND_MS

  /** Everything at hand, at most one batch: while one is written the next one grows by itself, so no timer is needed to fill it. */
  const take = (): Batch => {
    const events: RecordedEvent[] = []
    let to = seen
    while (queue.length > 0 && events.length < BATCH_EVENTS) {
      const next = queue.shift()!
      events.push(...next.events)
      to = next.to
    }
    if (queue.length === 0) to = seen
    queued -= events.length
    return { events, to, behind: isOld(events.at(-1)) }
  }

  const committed = (done: Applied, seconds: number, last: RecordedEvent | undefined): void => {
    const lostTrack = done.from.commit !== position.commit
    state = done.state
    position = state.checkpoint.position
    trouble = undefined
    metrics.pausedStreams.set(labels, state.paused.size)
    metrics.batchSeconds.observe(labels, seconds)
    metrics.batchEvents.observe(labels, done.applied)
    metrics.events.inc(labels, done.applied)
    metrics.parked.inc(labels, done.parked)
    for (const [table, count] of done.rows) metrics.rows.inc({ table }, count)
    if (last) metrics.lagSeconds.set(labels, Math.max(0, (clock.now() - last.created) / 1000))
    // After an unknown commit the documents of that batch were never told: whatever is cached is in doubt.
    const reset = lostTrack || done.doubt
    publish({ ...whose, from: done.from.commit, to: position.commit, documents: done.documents, told: done.told, reset })
  }

  const write = async (batch: Batch, refused?: string): Promise<void> => {
    for (let failures = 0; ; failures++) {
      const began = clock.now()
      try {
        const done = await applyBatch(pool, claim, state, batch, refused)
        return committed(done, (clock.now() - began) / 1000, batch.events.at(-1))
      } catch (error) {
        if (error instanceof LeaseLost || signal.aborted) throw error
        state = undefined
        metrics.failures.inc(labels)
        if (isDataFault(error) && refused === undefined) return writeApart(batch, error)
        trouble = faultOf(error)
        if (isTransient(error)) log.warn({ ...labels, failures, detail: trouble }, 'a batch waits for its database')
        else log.error({ ...labels, failures, detail: trouble, stack: stackOf(error) }, 'a batch cannot be written')
        await clock.sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!, signal)
      }
    }
  }

  /** The database refuses some row of the batch: halve until the event is found, park it, and keep the rest moving. */
  const writeApart = async ({ events, to }: Batch, error: unknown): Promise<void> => {
    if (events.length <= 1) return write({ events, to }, faultOf(error))
    const half = events.length >> 1
    await write({ events: events.slice(0, half), to: events[half - 1]!.position })
    await write({ events: events.slice(half), to })
  }

  const run = async (): Promise<void> => {
    let told = clock.now()
    while (!signal.aborted) {
      if (queue.length === 0) {
        await idle(ADVANCE_MS)
        if (queue.length === 0 && clock.now() - told >= ADVANCE_MS) {
          told = clock.now()
          if (isAfter(seen, position)) await write(take())
          else publish({ ...whose, from: position.commit, to: position.commit, documents: [], told: [], reset: false })
        }
        continue
      }
      await fillUp()
      const batch = take()
      if (batch.behind) pastAt = clock.now()
      await write(batch)
      if (batch.behind) pastAt = clock.now()
      told = clock.now()
      freeRoom()
    }
  }

  const fillUp = async (): Promise<void> => {
    const end = clock.now() + LINGER_MS
    for (let left = LINGER_MS; left > 0 && queued < BATCH_EVENTS && behind(); left = end - clock.now()) {
      const before = queued
      await idle(Math.min(left, QUIET_MS))
      if (queued === before) return
    }
  }
  const behind = (): boolean => isOld(queue.at(-1)?.events.at(-1))

  // a statement that hangs must not hold the other shards of this process back once this one is lost
  const lost = (): void => {
    over = true
    freeRoom()
    wake?.()
  }
  signal.addEventListener('abort', lost, { once: true })
  /** Until events come, the shard is lost, or the time is over. */
  const idle = async (ms: number): Promise<void> => {
    if (signal.aborted) return
    const pause = new AbortController()
    // a reason of our own: without one every wake-up makes an exception with its stack
    wake = () => pause.abort(WOKEN)
    await clock.sleep(ms, pause.signal).catch(() => undefined)
    wake = undefined
  }

  const ended = run()
    .catch((error: unknown) => {
      if (error instanceof LeaseLost) log.warn(labels, error.message)
      else if (!signal.aborted) throw error
    })
    .finally(() => {
      over = true
      queue = []
      queued = 0
      freeRoom()
    })

  return {
    shard: claim.shard,
    position: () => position,
    push: (events, to) => {
      if (over || !isAfter(to, seen)) return
      seen = to
      if (events.length === 0) return
      queue.push({ events, to })
      queued += events.length
      metrics.lagEvents.set(labels, queued)
      wake?.()
    },
    room: () => (queued < QUEUE_EVENTS || over ? Promise.resolve() : new Promise((resolve) => drained.push(resolve))),
    clear: () => {
      queue = []
      queued = 0
      seen = position
      freeRoom()
    },
    trouble: () => trouble,
    pausedStreams: () => state?.paused.size ?? 0,
    behind: () => behind() || clock.now() - pastAt < PAST_MS,
    ended,
  }
}

const stackOf = (error: unknown): string | undefined => (error instanceof Error ? error.stack : undefined)
