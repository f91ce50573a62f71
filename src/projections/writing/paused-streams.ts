import type { QueryConfig } from 'pg'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import type { Pool, PoolClient } from '../../platform/postgres.ts'

/** A stream that stops at this event. */
export interface Pause {
  readonly event: RecordedEvent
  readonly reason: string
}

export const loadPausedStreams = async (pool: Pool): Promise<ReadonlySet<string>> => {
  const { rows } = await pool.query<{ stream_id: string }>('SELECT stream_id FROM paused_streams')
  return new Set(rows.map((row) => row.stream_id))
}

const PAUSE = `
  INSERT INTO paused_streams (stream_id, revision, event_type, reason, position)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
  ON CONFLICT (stream_id) DO NOTHING`

const PARK = `
  INSERT INTO parked_events (stream_id, revision, event_id, type, data, metadata, created, commit_position, prepare_position)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::json[], $6::json[], $7::bigint[], $8::bigint[], $9::bigint[])
  ON CONFLICT (stream_id, revision) DO NOTHING`

/** Writes down what stops and what waits behind it, in the transaction that moves the checkpoint past them. */
export const parkStatements = (pauses: readonly Pause[], parked: readonly RecordedEvent[]): readonly QueryConfig[] => [
  ...(pauses.length > 0 ? [pauseStatement(pauses)] : []),
  ...(parked.length > 0 ? [parkStatement(parked)] : []),
]

const pauseStatement = (pauses: readonly Pause[]): QueryConfig => {
  const column = <T>(value: (pause: Pause) => T): T[] => pauses.map(value)
  const values = [
    column(({ event }) => event.streamId),
    column(({ event }) => event.revision),
    column(({ event }) => event.type),
    // Postgres text holds no NUL, and the event that broke a projection may well be one that has it
    column(({ reason }) => reason.replaceAll('\u0000', '').slice(0, 500)),
    column(({ event }) => event.position.commit),
  ]
  return { name: 'streams-pause', text: PAUSE, values }
}

const parkStatement = (parked: readonly RecordedEvent[]): QueryConfig => {
  const column = <T>(value: (event: RecordedEvent) => T): T[] => parked.map(value)
  const values = [
    column((event) => event.streamId),
    column((event) => event.revision),
    column((event) => event.id),
    column((event) => event.type),
    column((event) => JSON.stringify(event.data ?? null)),
    column((event) => JSON.stringify(event.metadata ?? null)),
    column((event) => event.created),
    column((event) => event.position.commit),
    column((event) => event.position.prepare),
  ]
  return { name: 'events-park', text: PARK, values }
}

interface ParkedRow {
  readonly stream_id: string
  readonly revision: bigint
  readonly event_id: string
  readonly type: string
  readonly data: unknown
  readonly metadata: Readonly<Record<string, unknown>> | null
  readonly created: bigint
  readonly commit_position: bigint
  readonly prepare_position: bigint
}

/** The oldest parked events of a stream, as they were recorded. */
export const parkedEvents = async (client: PoolClient, streamId: string, most: number): Promise<readonly RecordedEvent[]> => {
  const { rows } = await client.query<ParkedRow>('SELECT * FROM parked_events WHERE stream_id = $1 ORDER BY revision LIMIT $2', [
    streamId,
    most,
  ])
  return rows.map((row) => ({
    streamId: row.stream_id,
    revision: row.revision,
    id: row.event_id,
    type: row.type,
    data: row.data,
    metadata: row.metadata ?? {},
    created: Number(row.created),
    position: { commit: row.commit_position, prepare: row.prepare_position },
  }))
}

/** Forgets the parked events up to a revision; the stream goes on when none are left. Returns true when it does. */
export const unpark = async (client: PoolClient, shard: number, streamId: string, upTo: bigint): Promise<boolean> => {
  await client.query('DELETE FROM parked_events WHERE stream_id = $1 AND revision <= $2', [streamId, upTo])
  const { rowCount } = await client.query(
    'DELETE FROM paused_streams WHERE stream_id = $1 AND NOT EXISTS (SELECT 1 FROM parked_events WHERE stream_id = $1)',
    [streamId],
  )
  if (rowCount !== 1) return false
  await client.query('UPDATE checkpoint SET pauses = pauses + 1 WHERE shard = $1', [shard])
  return true
}
