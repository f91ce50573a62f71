// Emmett's asynchronous Postgres projector over the same events, making the same rows by our own read models, four consumers for four databases.
// Its event store lies in Postgres: it is filled before the clock starts. It hands a projection one event at a time and stores its checkpoint
// with each, so a projection has no batch to collapse. Modes (EMMETT_MODE): `default`, as it comes, rows read and written for each event;
// `fastest`, large pulls without a pause and rows remembered between events; `one-row`, the same with one counting row per event instead of
// our read models, the least that a projection can do.

import { ACCOUNT_EVENTS } from '../../src/events/account/account-event.ts'
import type { RecordedEvent } from '../../src/events/store/event-store.ts'
import { accountStream, parseAccountStream } from '../../src/events/streams.ts'
import type { PoolClient } from '../../src/platform/postgres.ts'
import { createRowSets } from '../../src/projections/rows/rows.ts'
import { project, rowStatements } from '../../src/projections/writing/project.ts'
import { contend } from './contender.ts'
import { type EmmettContext, type EmmettEvent, type EmmettProjection, loadEmmett } from './emmett-library.ts'
import { fillEmmett } from './emmett-log.ts'

const mode = process.env.EMMETT_MODE ?? 'default'
const emmett = await loadEmmett()
/** Its default pulls 100 and rests 50 ms; larger pulls than this gained nothing. */
const FAST = { batchSize: 2_000, pullingFrequencyInMs: 0 }

// above the first await: what follows it is read only once all is done
const COUNT = `
  INSERT INTO accounts AS a (account_id, opened_at, revision, position) VALUES ($1, 0, $2, $3)
  ON CONFLICT (account_id) DO UPDATE SET revision = excluded.revision, position = excluded.position WHERE a.revision < excluded.revision`

await contend(
  'emmett',
  async ({ databaseUrls }) => {
    const written = await Promise.all(databaseUrls.map(consume))
    return written.reduce((sum, rows) => sum + rows, 0)
  },
  (task) => fillEmmett(emmett, task),
)

async function consume(connectionString: string): Promise<number> {
  let written = 0
  const remembered = createRowSets()
  const readModels: EmmettProjection['handle'] = async (events, context) => {
    const client = context.connection.client as unknown as PoolClient
    for (const event of events) {
      const rows = mode === 'default' ? createRowSets() : remembered
      const projected = await project(client, [recorded(event)], new Set(), rows)
      if (projected.pauses[0]) throw new Error(projected.pauses[0].reason)
      for (const { statement, count } of rowStatements(projected)) {
        await client.query(statement)
        written += count
      }
      rows.stored()
    }
  }
  const oneRow: EmmettProjection['handle'] = async (events, { connection }) => {
    for (const event of events) await connection.client.query(countOf(event))
    written += events.length
  }
  const projection = emmett.postgreSQLProjection({
    name: 'read-models',
    canHandle: Object.keys(ACCOUNT_EVENTS),
    handle: mode === 'one-row' ? oneRow : readModels,
  })
  const consumer = emmett.postgreSQLEventStoreConsumer({
    connectionString,
    stopWhen: { noMessagesLeft: true },
    ...(mode === 'default' ? {} : { pulling: FAST }),
  })
  // a killed one's lock must not keep its successor waiting for the five minutes of the default
  consumer.projector({ processorId: 'read-models', projection, lock: { timeoutSeconds: 1 } })
  await consumer.start()
  await consumer.close()
  return written
}

function countOf({ metadata }: EmmettEvent): Parameters<EmmettContext['connection']['client']['query']>[0] {
  const accountId = parseAccountStream(metadata.streamName)!.accountId
  return { name: 'count', text: COUNT, values: [accountId, metadata.streamPosition, metadata.commitPosition] }
}

function recorded({ type, data, metadata }: EmmettEvent): RecordedEvent {
  const commit = BigInt(String(metadata.commitPosition))
  const { accountId } = parseAccountStream(metadata.streamName)!
  return {
    streamId: accountStream(accountId),
    revision: BigInt(metadata.streamPosition),
    id: metadata.messageId,
    type,
    data,
    metadata,
    created: 0,
    position: { commit, prepare: commit },
  }
}
