import type { Clock } from '../platform/clock.ts'
import type { Ids } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { EventStore, Position, RecordedEvent } from './store/event-store.ts'
import { createTicker } from './tick.ts'

export interface ReferenceDeps {
  readonly store: EventStore
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Reference streams are few and small: one batch holds what a deployment has. */
const BATCH = 500
const RETRY_MS = 200

/**
 * Applies every event of the streams that match, first all that exist, then new ones as they come until the signal aborts.
 * Resolves once all below the moment of the call has been applied: a tick appended first marks that moment in the same feed.
 * `seen` is told of every position, ticks included, once it was applied.
 */
export const followReference = async (
  deps: ReferenceDeps,
  streams: string,
  apply: (event: RecordedEvent) => void,
  seen: (commit: bigint) => void = () => undefined,
): Promise<void> => {
  const { store, log, signal } = deps
  const mark = await markNow(deps)
  const follow = async (caughtUp: () => void): Promise<void> => {
    for await (const events of store.follow({ after: undefined, streams: `^tick$|${streams}`, signal, batch: BATCH })) {
      for (const event of events) {
        if (event.type !== 'Tick') applySafely(event, apply, log)
        seen(event.position.commit)
        if (event.position.commit >= mark.commit) caughtUp()
      }
    }
  }
  await new Promise<void>((resolve, reject) => {
    follow(resolve).then(() => reject(signal.reason), reject)
  })
}

const markNow = async ({ store, ids, clock, signal }: ReferenceDeps): Promise<Position> => {
  const ticker = createTicker({ store, ids, clock })
  for (;;) {
    const position = await ticker.tick()
    if (position) return position
    await clock.sleep(RETRY_MS, signal)
  }
}

/** An unreadable reference event is skipped loudly: the ones before it stay in force. */
const applySafely = (event: RecordedEvent, apply: (event: RecordedEvent) => void, log: Logger): void => {
  try {
    apply(event)
  } catch (error) {
    log.error({ err: error, streamId: event.streamId, revision: event.revision.toString() }, 'reference event ignored')
  }
}
