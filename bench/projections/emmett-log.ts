import type { RecordedEvent } from '../../src/events/store/event-store.ts'
import { parseAccountStream } from '../../src/events/streams.ts'
import { createLog } from '../../src/platform/log.ts'
import { createPool, type Pool } from '../../src/platform/postgres.ts'
import { assignSlices } from '../../src/projections/shard-map.ts'
import type { Task } from './contender.ts'
import type { Emmett } from './emmett-library.ts'
import { readLog } from './read-log.ts'

const log = createLog('bench-emmett', 'error')
const CHUNK = 2_000

// As its own append does it, for many streams at once; ours is the only transaction, so that no event can be passed over.
const INSERT = `
  INSERT INTO emt_messages (stream_id, stream_position, transaction_id, message_schema_version, message_id, message_type, message_data, message_metadata)
  SELECT s, r, pg_current_xact_id(), '1', i, t, d, m
  FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[]) WITH ORDINALITY AS e(s, r, i, t, d, m, n) ORDER BY n`

/** Copies each shard's account events into an Emmett event store in that shard's database, once. */
export const fillEmmett = async (emmett: Emmett, task: Task): Promise<void> => {
  const { databaseUrls } = task
  const pools = databaseUrls.map((url, shard) => createPool(url, { name: `emmett-${shard}`, log, max: 1 }))
  try {
    const { rows } = await pools[0]!.query<{ there: boolean }>("SELECT to_regclass('emt_messages') IS NOT NULL AS there")
    if (rows[0]!.there) return
    for (const url of databaseUrls) {
      const own = emmett.getPostgreSQLEventStore(url)
      await own.schema.migrate()
      await own.close()
    }
    const assignment = assignSlices(databaseUrls.length)
    const waiting = pools.map((): RecordedEvent[] => [])
    const insertFrom = async (least: number): Promise<void> => {
      for (const [shard, part] of waiting.entries()) if (part.length >= least) await insert(pools[shard]!, part.splice(0))
    }
    for await (const events of readLog(task)) {
      for (const event of events) {
        const account = parseAccountStream(event.streamId)
        if (account) waiting[assignment[account.slice]!]!.push(event)
      }
      await insertFrom(CHUNK)
    }
    await insertFrom(1)
  } finally {
    await Promise.all(pools.map((pool) => pool.end()))
  }
}

const insert = async (pool: Pool, events: readonly RecordedEvent[]): Promise<void> => {
  await pool.query(INSERT, [
    events.map(({ streamId }) => streamId),
    events.map(({ revision }) => revision),
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map(({ data }) => JSON.stringify(data)),
    events.map(({ metadata, position }) => JSON.stringify({ schema: metadata.schema, commitPosition: String(position.commit) })),
  ])
}
