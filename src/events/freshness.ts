import type { Clock } from '../platform/clock.ts'
import type { Ids } from '../platform/ids.ts'
import { referenceEvent } from './log-identity.ts'
import type { EventStore } from './store/event-store.ts'
import { TICK_STREAM } from './streams.ts'

/** How much of the log a follower is known to have seen. */
export interface Freshness {
  /** Every event that was durable this many ms ago has been applied; Infinity before the first proof. */
  ageMs(): number
  /** How long the newest tick took to be durable and come back, ms: about what the next append will take. */
  tripMs(): number
  /** Makes the age at most `maxAgeMs` or proves anew, by a tick that comes back, that nothing was missed. False: the store does not answer in time. */
  prove(maxAgeMs: number): Promise<boolean>
  /** Resolves once the position has been applied; false when that takes too long. */
  untilSeen(commit: bigint): Promise<boolean>
}

/** A tick that takes longer proves nothing to anybody who waits. */
const TICK_TIMEOUT_MS = 1_000

/** The caller reports every position it has applied, ticks included, to `seen`. */
export const createFreshness = ({ store, ids, clock }: { store: EventStore; ids: Ids; clock: Clock }) => {
  let position = -1n
  let trip = Number.POSITIVE_INFINITY
  let provenAt = Number.NEGATIVE_INFINITY
  let asking: { readonly since: number; readonly done: Promise<boolean> } | undefined
  const waiting = new Set<{ readonly commit: bigint; readonly arrived: AbortController }>()

  const untilSeen = async (commit: bigint): Promise<boolean> => {
    if (position >= commit) return true
    const waiter = { commit, arrived: new AbortController() }
    waiting.add(waiter)
    await clock.sleep(TICK_TIMEOUT_MS, waiter.arrived.signal).catch(() => undefined)
    waiting.delete(waiter)
    return position >= commit
  }

  /** What comes back was appended after `since`: all that was durable then has a lower position, and was applied before. */
  const ask = async (since: number): Promise<boolean> => {
    const tick = referenceEvent(ids.uuid(), 'Tick', { at: since }, 'signer', since)
    const outcome = await store.append(TICK_STREAM, 'any', [tick], TICK_TIMEOUT_MS)
    if (outcome.kind !== 'appended' || !(await untilSeen(outcome.position.commit))) return false
    provenAt = Math.max(provenAt, since)
    trip = clock.now() - since
    return true
  }
  const join = (): Promise<boolean> => {
    if (!asking) {
      const since = clock.now()
      const done = ask(since)
        .catch(() => false)
        .finally(() => {
          asking = undefined
        })
      asking = { since, done }
    }
    return asking.done
  }
  const ageMs = (): number => {
    const age = clock.now() - provenAt
    // a clock that was set back tells nothing
    return age >= 0 ? age : Number.POSITIVE_INFINITY
  }

  return {
    ageMs,
    tripMs: (): number => trip,
    untilSeen,
    prove: async (maxAgeMs: number): Promise<boolean> => {
      if (ageMs() <= maxAgeMs) return true
      // a tick that was asked for earlier may already be too old when it is back
      if (asking && (await asking.done) && ageMs() <= maxAgeMs) return true
      return join()
    },
    seen: (commit: bigint): void => {
      position = commit
      for (const waiter of waiting) if (waiter.commit <= commit) waiter.arrived.abort()
    },
    position: (): bigint => position,
  }
}
