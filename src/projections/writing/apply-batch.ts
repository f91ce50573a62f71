import type { Position, RecordedEvent } from '../../events/store/event-store.ts'
import type { Pool } from '../../platform/postgres.ts'
import { transaction } from '../../platform/postgres.ts'
import { changedDocuments } from '../cache/documents.ts'
import type { CachedDocument } from '../feed.ts'
import { advanceCheckpoint, isAfter, lockCheckpoint, type ShardClaim } from './checkpoint.ts'
import { loadPausedStreams, type PausedStreams, parkEvents } from './paused-streams.ts'
import { project, writeRows } from './project.ts'

/** Events of one shard in order, and the position up to which there are no others. */
export interface Batch {
  readonly events: readonly RecordedEvent[]
  readonly to: Position
}

/** What a transaction did. */
export interface Applied {
  readonly from: Position
  readonly to: Position
  readonly applied: number
  readonly parked: number
  readonly rows: ReadonlyMap<string, number>
  readonly documents: readonly CachedDocument[]
  readonly paused: PausedStreams
  /** A stream was paused or had been resumed by someone else: what is cached of it is in doubt. */
  readonly pausesChanged: boolean
}

/**
 * Writes a batch's rows and moves the checkpoint in one transaction: exactly once, because events at or below the stored checkpoint are
 * dropped under its lock. A second delivery, or a retry after an unknown commit, changes nothing.
 * `refused`: the database would not take this single event's rows; it is parked with that reason. @throws LeaseLost, database errors
 */
export const applyBatch = (
  pool: Pool,
  claim: Pick<ShardClaim, 'shard' | 'fence'>,
  known: PausedStreams | undefined,
  batch: Batch,
  refused?: string,
): Promise<Applied> =>
  transaction(pool, async (client) => {
    const { position: from, pauses: version } = await lockCheckpoint(client, claim)
    const paused = known?.version === version ? known : await loadPausedStreams(client, version)
    const events = batch.events.filter((event) => isAfter(event.position, from))
    if (!isAfter(batch.to, from))
      return { from, to: from, applied: 0, parked: 0, rows: new Map(), documents: [], paused, pausesChanged: paused !== known }

    const projected = await project(client, refused === undefined ? events : [], paused.streams)
    const rows = await writeRows(client, projected)
    const pauses = refused === undefined ? projected.pauses : events.map((event) => ({ event, reason: refused }))
    const parked = refused === undefined ? projected.parked : events
    await parkEvents(client, pauses, parked)
    await advanceCheckpoint(client, claim.shard, batch.to, pauses.length > 0)
    const streams = new Set([...paused.streams, ...pauses.map(({ event }) => event.streamId)])
    return {
      from,
      to: batch.to,
      applied: projected.applied,
      parked: parked.length,
      rows,
      documents: changedDocuments(projected.rows),
      paused: pauses.length > 0 ? { version: version + 1n, streams } : paused,
      pausesChanged: pauses.length > 0 || (known !== undefined && paused !== known),
    }
  })
