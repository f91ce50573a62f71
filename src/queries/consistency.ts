import type { EventStore } from '../events/store/event-store.ts'
import type { Ticker } from '../events/tick.ts'
import type { Clock } from '../platform/clock.ts'
import { type Refusal, refusal } from '../platform/http/problem.ts'
import type { ShardProgress } from './shards/shard-progress.ts'

export interface ConsistencyDeps {
  readonly store: EventStore
  readonly ticker: Ticker
  readonly clock: Clock
}

/** The contract's bound on a read that waits. */
export const PATIENCE_MS = 10_000
/** An event of the shard's own streams arrives sooner than this; only then is it worth asking the log and appending a tick. */
const OWN_EVENT_MS = 25
/** A tick may get lost with its connection: another one is cheap. */
const TICK_EVERY_MS = 1_000

/**
 * Waits until a shard has processed everything up to `position`. A shard without events of its own there is moved by a tick.
 * Answers the 503 to give when it does not come in time, or at once for a position that is beyond the log.
 */
export const awaitPosition = async (
  { store, ticker, clock }: ConsistencyDeps,
  progress: ShardProgress,
  position: bigint,
  signal: AbortSignal,
): Promise<Refusal | undefined> => {
  if (position <= progress.known()) return undefined
  const end = clock.now() + PATIENCE_MS
  if (await progress.reaches(position, OWN_EVENT_MS, signal)) return undefined
  const head = await headOf(store)
  if (head === undefined) return refusal('not_ready', 'the event store does not answer', { retryAfter: 1 })
  if (position > head) return refusal('not_ready', `position ${position} is beyond the head of the log (${head})`, { retryAfter: 1 })
  for (;;) {
    const left = end - clock.now()
    if (left <= 0) return refusal('not_ready', `the read model has come to ${progress.known()}, not yet to ${position}`, { retryAfter: 1 })
    // not awaited: the shard may get there while the append hangs
    ticker.tick().catch(() => undefined)
    if (await progress.reaches(position, Math.min(TICK_EVERY_MS, left), signal)) return undefined
  }
}

const headOf = async (store: EventStore): Promise<bigint | undefined> =>
  store.head().then(
    ({ commit }) => commit,
    () => undefined,
  )
