import type { Clock } from '../platform/clock.ts'
import type { Ids } from '../platform/ids.ts'
import { referenceEvent } from './log-identity.ts'
import type { EventStore, Position } from './store/event-store.ts'
import { TICK_STREAM } from './streams.ts'

export interface Ticker {
  /** Appends a tick, or joins the one under way, and returns its position; undefined when the store gave no answer. */
  tick(): Promise<Position | undefined>
}

/** At most 20 ticks a second from a process: waiting readers share them. */
const MIN_INTERVAL_MS = 50

/** Appends small events that every shard's filter matches, so that checkpoints move past a position without matching events. */
export const createTicker = ({ store, ids, clock }: { store: EventStore; ids: Ids; clock: Clock }): Ticker => {
  let bounded = false
  let last = 0
  let pending: Promise<Position | undefined> | undefined

  const append = async (): Promise<Position | undefined> => {
    const wait = last + MIN_INTERVAL_MS - clock.now()
    // awaited in any case: what follows must run after `pending` was set, or it would stay set for good
    await (wait > 0 ? clock.sleep(wait) : undefined)
    // from here on a new caller needs a new tick: this one may already be below what it waits for
    pending = undefined
    last = clock.now()
    if (!bounded) {
      await store.setMaxCount(TICK_STREAM, 1)
      bounded = true
    }
    // ANY: a tick decides nothing, two at once are as good as one
    const outcome = await store.append(TICK_STREAM, 'any', [referenceEvent(ids.uuid(), 'Tick', { at: last }, 'ticker', last)])
    return outcome.kind === 'appended' ? outcome.position : undefined
  }
  return {
    tick: () => {
      pending ??= append()
      return pending
    },
  }
}
