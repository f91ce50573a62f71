// The floor: the same subscription and the same rows, one unnest statement per table and shard, and nothing else. Events are believed,
// every row stays in memory for ever, no row is guarded, no checkpoint kept, nothing cached, no fault survived.
import type { DomainEvent } from '../../src/events/decode.ts'
import { parseAccountStream } from '../../src/events/streams.ts'
import { createLog } from '../../src/platform/log.ts'
import { createPool, type Pool, withClient } from '../../src/platform/postgres.ts'
import { READ_MODELS } from '../../src/projections/read-models.ts'
import { assignSlices } from '../../src/projections/shard-map.ts'
import { contend } from './contender.ts'
import { createRawRows, rawStatements } from './raw-rows.ts'
import { readLog } from './read-log.ts'

const log = createLog('bench-raw', process.env.QUANTBOT_LOG ?? 'error')
/** Events per statement and shard: the same most that the product takes. */
const BATCH = 4_000

await contend('raw', async (task) => {
  const { databaseUrls } = task
  const assignment = assignSlices(databaseUrls.length)
  const shards = databaseUrls.map((url, shard) => ({
    pool: createPool(url, { name: `raw-${shard}`, log, max: 1 }),
    rows: createRawRows(),
    events: 0,
    writing: Promise.resolve(),
  }))
  let written = 0
  const flush = async (shard: (typeof shards)[number]): Promise<void> => {
    await shard.writing
    const statements = rawStatements(shard.rows)
    for (const { rows } of statements) written += rows
    shard.events = 0
    shard.writing = writeAll(shard.pool, statements)
  }
  for await (const events of readLog(task)) {
    for (const { streamId, revision, position, type, data } of events) {
      const account = parseAccountStream(streamId)
      const event = { type, data } as DomainEvent
      const fact = { event, accountId: account?.accountId, revision, position: position.commit }
      for (const shard of account ? [shards[assignment[account.slice]!]!] : shards) {
        for (const model of READ_MODELS) model.apply(fact, shard.rows)
        shard.events++
      }
    }
    for (const shard of shards) if (shard.events >= BATCH) await flush(shard)
  }
  for (const shard of shards) await flush(shard)
  await Promise.all(shards.map(({ writing }) => writing))
  await Promise.all(shards.map(({ pool }) => pool.end()))
  return written
})

async function writeAll(pool: Pool, statements: ReturnType<typeof rawStatements>): Promise<void> {
  await withClient(pool, (client) =>
    Promise.all([client.query('BEGIN'), ...statements.map(({ statement }) => client.query(statement)), client.query('COMMIT')]),
  )
}
