import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import type { Counter } from '../../platform/metrics.ts'
import { createPool, faultOf, type Pool } from '../../platform/postgres.ts'
import { later } from './shard-cache.ts'

/** The streaming replicas of one database, as readers use them. */
export interface Replicas {
  /**
   * A replica that has replayed far enough for a reader who needs this position; undefined: ask the primary. A reader who needs none is given
   * one that is at most about a second behind.
   */
  pick(needs: bigint): Replica | undefined
  readonly any: boolean
  close(): Promise<void>
}

export interface Replica {
  readonly pool: Pool
  /** How far it was when it was picked. */
  readonly position: bigint
  /** Whether an answer of this position will do. */
  served(asOf: bigint): boolean
  failed(): void
}

export interface ReplicasDeps {
  readonly urls: readonly string[]
  readonly shard: number
  /** The highest position that this process knows of the primary; negative before the first. */
  readonly known: () => bigint
  /** How a replica is asked how far it is: one row, `at`. */
  readonly look?: { readonly name: string; readonly text: string }
  readonly reads: Counter<'outcome'>
  readonly clock: Clock
  readonly log: Logger
}

/** How far a replica is, is asked this often: a read for a newer position goes to the primary meanwhile. */
const BEAT_MS = 100
/** Readers who name no position are answered by rows of at most this age, plus a beat. */
const LAG_MS = 1_000
const BEAT_DEADLINE_MS = 2_000
const CONNECTIONS = 4
const CHECKPOINT = { name: 'replica-look', text: 'SELECT commit_position AS at FROM checkpoint' }

/**
 * The checkpoint is a row like any other: a replica that shows it at a position has replayed the commit that wrote it, so it is the replayed
 * LSN in the log's own terms, and every answer carries it from the snapshot that it was read in. What an answer shows is checked again, so a
 * replica that was set back is slower, never wrong.
 */
export const openReplicas = ({ urls, shard, known, look = CHECKPOINT, reads, clock, log }: ReplicasDeps): Replicas => {
  const stop = new AbortController()
  const history: { readonly at: number; readonly position: bigint }[] = []
  /** What was known a moment ago: positions rise, so the last entry that is old enough is the bar. */
  const bar = (): bigint | undefined => {
    const now = clock.now()
    while (history.length > 1 && history[1]!.at <= now - LAG_MS) history.shift()
    return history[0]?.position
  }
  const remember = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const position = known()
      if (position >= 0n) history.push({ at: clock.now(), position })
      bar()
      await clock.sleep(BEAT_MS, stop.signal).catch(() => undefined)
    }
  }
  const opened = urls.map((url, n) => {
    const pool = createPool(url, { name: `replica-${shard}.${n}`, log, max: CONNECTIONS })
    const state = { position: -1n }
    const stands = (position: bigint): void => {
      state.position = position
    }
    const beat = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const late = new AbortController()
        const inTime = clock.sleep(BEAT_DEADLINE_MS, late.signal).then(() => stands(-1n))
        const asked = pool.query<{ at: bigint | null }>(look).then(
          ({ rows }) => stands(rows[0]?.at ?? -1n),
          (error: unknown) => {
            if (state.position >= 0n) log.warn({ shard, detail: faultOf(error) }, 'a replica does not answer: the primary is read')
            stands(-1n)
          },
        )
        await Promise.race([asked, inTime]).catch(() => undefined)
        late.abort()
        await clock.sleep(BEAT_MS, stop.signal).catch(() => undefined)
      }
    }
    return { pool, state, beating: beat() }
  })
  const remembering = urls.length === 0 ? Promise.resolve() : remember()
  let turn = 0

  return {
    any: urls.length > 0,
    pick: (needs) => {
      const freshEnough = bar()
      const atLeast = later(needs, freshEnough ?? 0n)
      // as long as nothing is known of the primary, nobody can tell who is behind
      const able = freshEnough === undefined ? [] : opened.filter(({ state }) => state.position >= 0n && state.position >= atLeast)
      if (able.length === 0) {
        if (opened.length > 0) reads.inc({ outcome: 'behind' })
        return undefined
      }
      const { pool, state } = able[turn++ % able.length]!
      return {
        pool,
        position: state.position,
        served: (asOf) => {
          const good = asOf >= atLeast
          reads.inc({ outcome: good ? 'replica' : 'stale' })
          if (!good) state.position = asOf
          return good
        },
        failed: () => {
          reads.inc({ outcome: 'failed' })
          state.position = -1n
        },
      }
    },
    close: async () => {
      stop.abort()
      await Promise.all([remembering, ...opened.map(({ beating }) => beating)])
      await Promise.all(opened.map(({ pool }) => pool.end()))
    },
  }
}
