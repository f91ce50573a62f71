import type { Logger } from '../../platform/log.ts'
import { faultOf, isDataFault, type Pool, type PoolClient, transaction } from '../../platform/postgres.ts'
import { parkedEvents, unpark } from './paused-streams.ts'
import { checkWritten, project, rowStatements } from './project.ts'

/** Parked events applied in one transaction. */
const BATCH = 500

/** How the attempt to go on with a paused stream ended. */
export interface Resumed {
  readonly streamId: string
  /** Parked events applied now. */
  readonly events: number
  /** Why it is still paused; undefined when it goes on. */
  readonly reason?: string
}

/**
 * Tries every paused stream of a shard again, in order, after a fix: at each take-over of the shard, or by hand. Safe beside a running
 * projector: both hold the checkpoint's lock while they write, and the projector notices what was resumed.
 */
export const resumePausedStreams = async (pool: Pool, shard: number, log: Logger): Promise<readonly Resumed[]> => {
  const { rows } = await pool.query<{ stream_id: string }>('SELECT stream_id FROM paused_streams ORDER BY stream_id')
  const outcomes: Resumed[] = []
  for (const { stream_id } of rows) {
    const outcome = await resumeStream(pool, shard, stream_id)
    outcomes.push(outcome)
    if (outcome.reason === undefined) log.info({ shard, ...outcome }, 'a paused stream goes on')
    else log.warn({ shard, ...outcome }, 'a stream stays paused')
  }
  return outcomes
}

const resumeStream = async (pool: Pool, shard: number, streamId: string): Promise<Resumed> => {
  let events = 0
  for (;;) {
    const step = await transaction(pool, (client) => resumeBatch(client, shard, streamId)).catch((error: unknown) => {
      if (isDataFault(error)) return { applied: 0, ended: true, reason: faultOf(error) }
      throw error
    })
    events += step.applied
    if (step.ended) return { streamId, events, ...(step.reason === undefined ? {} : { reason: step.reason }) }
  }
}

const resumeBatch = async (client: PoolClient, shard: number, streamId: string) => {
  await client.query('SELECT 1 FROM checkpoint WHERE shard = $1 FOR UPDATE', [shard])
  const events = await parkedEvents(client, streamId, BATCH)
  const projected = await project(client, events, new Set())
  for (const row of rowStatements(projected)) checkWritten(row, (await client.query(row.statement)).rowCount)
  const last = events[projected.applied - 1]
  const ended = await unpark(client, shard, streamId, last?.revision ?? -1n)
  const reason = projected.pauses[0]?.reason
  return { applied: projected.applied, ended: ended || reason !== undefined || events.length === 0, reason }
}
