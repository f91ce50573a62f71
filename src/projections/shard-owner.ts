import type { Clock } from '../platform/clock.ts'
import { acquireLease, type Lease } from '../platform/lease.ts'
import type { Logger } from '../platform/log.ts'
import { faultOf, type Pool } from '../platform/postgres.ts'
import type { ShardStep } from './feed.ts'
import type { ProjectionMetrics } from './metrics.ts'
import { claimCheckpoint, LeaseLost, WrongDatabase } from './writing/checkpoint.ts'
import { resumePausedStreams } from './writing/resume.ts'
import { type ShardWriter, startShardWriter } from './writing/shard-writer.ts'

export interface ShardOwnerDeps {
  readonly pool: Pool
  readonly shard: number
  readonly logId: string
  readonly mapVersion: number
  /** Names this process in the lease. */
  readonly owner: string
  readonly publish: (step: ShardStep) => void
  /** The shard is ours, or no longer. */
  readonly onWriter: (writer: ShardWriter | undefined) => void
  readonly metrics: ProjectionMetrics
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** The lease lives in the shard's own database: whoever can't reach that can't own the shard. */
export const PROJECTOR_LEASE = 'projector'
const RETRY_MS = 500

/** Owns a shard whenever nobody else does: lease, claim of the checkpoint, paused streams tried again, writer. Ends when the signal aborts. @throws WrongDatabase */
export const ownShard = async (deps: ShardOwnerDeps): Promise<void> => {
  const { pool, shard, clock, log, signal } = deps
  while (!signal.aborted) {
    let lease: Lease | undefined
    try {
      lease = await acquireLease(pool, { name: PROJECTOR_LEASE, owner: deps.owner, clock, signal, log })
      await serve(deps, lease)
    } catch (error) {
      if (error instanceof WrongDatabase) throw error
      if (signal.aborted) return
      if (!(error instanceof LeaseLost)) log.warn({ detail: faultOf(error), shard }, 'the shard could not be taken over')
      await clock.sleep(RETRY_MS, signal).catch(() => undefined)
    } finally {
      await lease?.release()
    }
  }
}

const serve = async (deps: ShardOwnerDeps, lease: Lease): Promise<void> => {
  const { pool, shard, logId, mapVersion, log } = deps
  const claim = { shard, logId, mapVersion, fence: lease.fence }
  await claimCheckpoint(pool, claim)
  await resumePausedStreams(pool, shard, log)
  // read after the resumption, which moves the version of what is paused
  const checkpoint = await claimCheckpoint(pool, claim)
  const writer = startShardWriter({ ...deps, claim, checkpoint, signal: lease.signal })
  deps.onWriter(writer)
  try {
    await writer.ended
  } finally {
    deps.onWriter(undefined)
  }
}
