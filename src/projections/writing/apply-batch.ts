import type { Position, RecordedEvent } from '../../events/store/event-store.ts'
import { type Pool, type PoolClient, pipelinedTransaction, withClient } from '../../platform/postgres.ts'
import { changedDocuments } from '../cache/documents.ts'
import { toldKeys } from '../cache/told-keys.ts'
import type { CachedDocument } from '../feed.ts'
import { createRowSets, type RowSets } from '../rows/rows.ts'
import { type Checkpoint, isAfter, moveCheckpoint, readCheckpoint, type ShardClaim, StaleCheckpoint } from './checkpoint.ts'
import { loadPausedStreams, parkStatements } from './paused-streams.ts'
import { checkWritten, project, rowStatements } from './project.ts'

/** Events of one shard in order, and the position up to which there are no others. */
export interface Batch {
  readonly events: readonly RecordedEvent[]
  readonly to: Position
  /** The shard is catching up with the past. */
  readonly behind?: boolean
}

/** What a writer remembers of its shard; true as long as nobody else has written. */
export interface ShardState {
  readonly checkpoint: Checkpoint
  readonly paused: ReadonlySet<string>
  /** Rows as they are stored. A batch changes them before it is written: a state whose batch failed is of no use any more. */
  readonly rows: RowSets
}

/** What a batch did. */
export interface Applied {
  readonly from: Position
  readonly state: ShardState
  readonly applied: number
  readonly parked: number
  /** Written by table. */
  readonly rows: ReadonlyMap<string, number>
  readonly documents: readonly CachedDocument[]
  /** Keys of the documents beside these that changed. */
  readonly told: readonly string[]
  /** A stream was paused, or the state had to be read again: what is cached of the shard is in doubt. */
  readonly doubt: boolean
}

type Owner = Pick<ShardClaim, 'shard' | 'fence'>

/**
 * Writes a batch's rows and moves the checkpoint in one transaction: exactly once, because it commits only from the very checkpoint that the
 * rows were read at, and events at or below that are dropped. A second delivery, or a retry after an unknown commit, changes nothing.
 * `refused`: the database would not take this single event's rows; it is parked with that reason. @throws LeaseLost, database errors
 */
export const applyBatch = async (
  pool: Pool,
  owner: Owner,
  known: ShardState | undefined,
  batch: Batch,
  refused?: string,
): Promise<Applied> => {
  const state = known ?? (await readState(pool, owner))
  try {
    return await withClient(pool, (client) => applyFrom(client, owner, state, batch, known === undefined, refused))
  } catch (error) {
    if (!(error instanceof StaleCheckpoint)) throw error
    return applyBatch(pool, owner, undefined, batch, refused)
  }
}

/** The shard's state as stored. @throws LeaseLost */
const readState = async (pool: Pool, owner: Owner): Promise<ShardState> => {
  // in this order: a stream paused in between makes the checkpoint stale, and the batch is tried again
  const checkpoint = await readCheckpoint(pool, owner)
  return { checkpoint, paused: await loadPausedStreams(pool), rows: createRowSets() }
}

const applyFrom = async (
  client: PoolClient,
  owner: Owner,
  state: ShardState,
  batch: Batch,
  doubt: boolean,
  refused?: string,
): Promise<Applied> => {
  const { checkpoint, paused } = state
  const from = checkpoint.position
  const nothing = { from, state, applied: 0, parked: 0, rows: new Map(), documents: [], told: [], doubt }
  if (!isAfter(batch.to, from)) return nothing
  const events = batch.events.filter((event) => isAfter(event.position, from))

  const projected = await project(client, refused === undefined ? events : [], paused, state.rows)
  const pauses = refused === undefined ? projected.pauses : events.map((event) => ({ event, reason: refused }))
  const parked = refused === undefined ? projected.parked : events
  const rows = rowStatements(projected)
  const move = moveCheckpoint(owner, checkpoint, batch.to, pauses.length > 0)
  const statements = [move, ...rows.map(({ statement }) => statement), ...parkStatements(pauses, parked)]
  await pipelinedTransaction(client, statements, ([moved, ...written]) => {
    if (moved?.rowCount !== 1) throw new StaleCheckpoint(owner.shard)
    for (const [n, row] of rows.entries()) checkWritten(row, written[n]?.rowCount ?? 0)
  })
  // a past that is being caught up with is not worth caching: readers ask the database until the shard is up to date
  const documents = batch.behind ? [] : changedDocuments(projected.rows)
  const told = batch.behind ? [] : toldKeys(projected.rows)
  state.rows.stored()
  return {
    from,
    state: {
      rows: state.rows,
      checkpoint: { position: batch.to, pauses: checkpoint.pauses + (pauses.length > 0 ? 1n : 0n) },
      paused: pauses.length > 0 ? new Set([...paused, ...pauses.map(({ event }) => event.streamId)]) : paused,
    },
    applied: projected.applied,
    parked: parked.length,
    rows: new Map(rows.map(({ table, count }) => [table, count])),
    documents,
    told,
    doubt: doubt || pauses.length > 0 || batch.behind === true,
  }
}
