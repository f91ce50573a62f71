import { abortWithin } from '../platform/abort-within.ts'
import type { Clock } from '../platform/clock.ts'
import { acquireLease, type Lease } from '../platform/lease.ts'
import type { Logger } from '../platform/log.ts'
import { faultOf, type Pool } from '../platform/postgres.ts'
import type { ShardStep } from './feed.ts'
import type { ProjectionMetrics } from './metrics.ts'
import { joinShard, type Membership, PROJECTOR_LEASE, SHARD_LEASE_TTL_MS } from './sharing/membership.ts'
import { claimCheckpoint, LeaseLost, WrongDatabase } from './writing/checkpoint.ts'
import { resumePausedStreams } from './writing/resume.ts'
import { type ShardWriter, startShardWriter } from './writing/shard-writer.ts'

export interface ShardOwnerDeps {
  readonly pool: Pool
  readonly shard: number
  /** How many there are. */
  readonly shards: number
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

const RETRY_MS = 500

/**
 * Owns a shard whenever it falls to us among the living projectors: lease, claim of the checkpoint, paused streams tried again, writer. Hands it
 * over when it falls to another. Ends when the signal aborts. @throws WrongDatabase
 */
export const ownShard = async (deps: ShardOwnerDeps): Promise<void> => {
  const end = abortWithin(deps.signal)
  const membership = joinShard({ ...deps, signal: end.signal })
  try {
    await ownInTurn(deps, membership)
  } finally {
    end.abort(new Error('the shard is left'))
    await membership.ended
  }
}

const ownInTurn = async (deps: ShardOwnerDeps, membership: Membership): Promise<void> => {
  const { pool, shard, owner, clock, log, signal } = deps
  const { mayTake } = membership
  while (!signal.aborted) {
    let lease: Lease | undefined
    try {
      lease = await acquireLease(pool, { name: PROJECTOR_LEASE, owner, ttlMs: SHARD_LEASE_TTL_MS, mayTake, clock, signal, log })
      await serve(deps, lease, membership)
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

const serve = async (deps: ShardOwnerDeps, lease: Lease, membership: Membership): Promise<void> => {
  const { pool, shard, logId, mapVersion, log } = deps
  const claim = { shard, logId, mapVersion, fence: lease.fence }
  await claimCheckpoint(pool, claim)
  await resumePausedStreams(pool, shard, log)
  // read after the resumption, which moves the version of what is paused
  const checkpoint = await claimCheckpoint(pool, claim)
  const handOver = abortWithin(lease.signal)
  const writer = startShardWriter({ ...deps, claim, checkpoint, signal: handOver.signal })
  deps.onWriter(writer)
  membership.fallenToAnother(lease.signal).then(
    () => {
      log.info({ shard }, 'the shard falls to another projector')
      handOver.abort(new Error('the shard falls to another projector'))
    },
    () => undefined,
  )
  try {
    // the batch under way is written before the lease is given up: the successor need not wait for its end
    await writer.ended
  } finally {
    handOver.abort(new Error('the writer has ended'))
    deps.onWriter(undefined)
  }
}
