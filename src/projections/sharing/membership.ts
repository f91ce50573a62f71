import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { faultOf, type Pool } from '../../platform/postgres.ts'
import { fairOwner } from './fair-owner.ts'

/** One process among those that would project a shard. */
export interface Membership {
  /** Resolves when the shard has fallen to another for two beats: long enough not to be a slow heartbeat. Rejects when the signal aborts. */
  fallenToAnother(signal: AbortSignal): Promise<void>
  /** Whether to ask for the lease now: it is ours by right, or nobody who has the right takes it. */
  mayTake(): boolean
  /** Ends with its signal; then we are no member any more. */
  readonly ended: Promise<void>
}

export interface MembershipDeps {
  readonly pool: Pool
  readonly shard: number
  readonly shards: number
  readonly owner: string
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** The lease lives in the shard's own database: whoever can't reach that can't own the shard. */
export const PROJECTOR_LEASE = 'projector'
/** With a lease of three seconds a dead projector's shards are running elsewhere before five. */
export const SHARD_LEASE_TTL_MS = 3_000
/** Two beats may get lost before a living process counts as gone, as with the lease itself. */
const BEAT_MS = 750
const FORGET_MS = 10 * 60_000
/** Beats that a free shard is left to whom it falls to: after that whoever asks may have it. */
const COURTESY_BEATS = 4

// Alive is judged by the database's clock alone. Rows of processes long gone are swept by whoever comes by.
const BEAT = `
  WITH mine AS (
    INSERT INTO projectors (owner, seen_at) VALUES ($1, clock_timestamp()) ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at
  ), swept AS (
    DELETE FROM projectors WHERE seen_at < clock_timestamp() - $3 * interval '1 millisecond' AND owner <> $1
  )
  SELECT
    ARRAY(SELECT owner FROM projectors WHERE owner <> $1 AND seen_at > clock_timestamp() - $2 * interval '1 millisecond') AS others,
    NOT EXISTS (SELECT 1 FROM leases WHERE name = $4 AND expires_at >= clock_timestamp()) AS free`

/** Says once a beat, in the shard's own database, that we live, and hears who else does. */
export const joinShard = (deps: MembershipDeps): Membership => {
  const { pool, shard, shards, owner, clock, log, signal } = deps
  let beats = 0
  /** Beats in a row in which the shard fell to another, and in which nobody held it. */
  let strange = 0
  let free = 0
  const listeners = new Set<() => void>()

  const beat = async (): Promise<void> => {
    const values = [owner, SHARD_LEASE_TTL_MS, FORGET_MS, PROJECTOR_LEASE]
    const { rows } = await pool.query<{ others: string[]; free: boolean }>({ name: 'projector-beat', text: BEAT, values })
    const seen = rows[0]!
    beats++
    free = seen.free ? free + 1 : 0
    strange = fairOwner(shards, [owner, ...seen.others], shard) === owner ? 0 : strange + 1
    if (strange >= 2) for (const listener of listeners) listener()
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await beat().catch((error: unknown) => log.debug({ shard, detail: faultOf(error) }, 'no heartbeat'))
      await clock.sleep(BEAT_MS, signal).catch(() => undefined)
    }
    await pool.query('DELETE FROM projectors WHERE owner = $1', [owner]).catch(() => undefined)
  }
  return {
    mayTake: () => beats > 0 && (strange === 0 || free > COURTESY_BEATS),
    fallenToAnother: (until) =>
      new Promise((resolve, reject) => {
        const heard = (): void => done(resolve)
        const stop = (): void => done(() => reject(until.reason))
        const done = (then: () => void): void => {
          listeners.delete(heard)
          until.removeEventListener('abort', stop)
          then()
        }
        if (until.aborted) return reject(until.reason)
        listeners.add(heard)
        until.addEventListener('abort', stop, { once: true })
      }),
    ended: run(),
  }
}
