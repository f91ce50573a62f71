import { createHash } from 'node:crypto'
import type { EventStore, Position, RecordedEvent } from '../../events/store/event-store.ts'
import { parseAccountStream, slicesFilter } from '../../events/streams.ts'
import { abortWithin } from '../../platform/abort-within.ts'
import { type Clock, monotonicMs } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { createRegistry } from '../../platform/metrics.ts'
import { type Pool, transaction } from '../../platform/postgres.ts'
import { digestTables } from '../digest.ts'
import { projectionMetrics } from '../metrics.ts'
import { READ_MODELS } from '../read-models.ts'
import type { Table } from '../rows/table.ts'
import { type ShardMap, slicesOf } from '../shard-map.ts'
import { dispatchEvents } from '../subscription.ts'
import { applyBatch } from '../writing/apply-batch.ts'
import { claimCheckpoint, isAfter, type ShardClaim } from '../writing/checkpoint.ts'
import { type ShardWriter, startShardWriter } from '../writing/shard-writer.ts'
import { takeOver } from './cut-over.ts'
import { openShadow, type Shadow } from './shadow.ts'

export interface RebuildDeps {
  readonly store: EventStore
  readonly logId: string
  readonly map: ShardMap
  /** One per shard, in shard order, with their URLs. */
  readonly databases: readonly { readonly url: string; readonly pool: Pool }[]
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

export interface Rebuilt {
  /** Events replayed. */
  readonly events: number
  readonly seconds: number
  /** Of the rebuilt tables, all shards, at the position of the cut-over. */
  readonly digestBefore: string
  readonly digestAfter: string
  readonly equal: boolean
  /** Rows that were not as the log tells them, and are now. */
  readonly rowsChanged: number
}

/** Names that a rebuild takes. */
export const rebuildable = (): readonly string[] => ['all', ...new Set(READ_MODELS.map((model) => model.table.name))]

const POLL_MS = 25

/**
 * Rebuilds a read model, or all, from the first event on, beside the live tables and while these are read and written; then compares both at
 * one position and puts the new rows in the place of those that differ. Other models are replayed with it, since they read each other's rows.
 * @throws when a database is away or another rebuild runs on it
 */
export const rebuild = async (deps: RebuildDeps, name: string): Promise<Rebuilt> => {
  const began = monotonicMs()
  const tables = [...new Set(READ_MODELS.map((model) => model.table).filter((table) => name === 'all' || table.name === name))]
  const shadows: Shadow[] = []
  try {
    for (const { url, pool } of deps.databases) shadows.push(await openShadow(pool, url, deps.log))
    const claims = shadows.map((_, shard): ShardClaim => ({ shard, logId: deps.logId, mapVersion: deps.map.version, fence: 1n }))
    const { positions, events } = await replay(deps, shadows, claims)
    const cuts = []
    // one after the other: only one projector at a time waits for a comparison
    for (const [shard, shadow] of shadows.entries()) cuts.push(await cutOver(deps, shadow, claims[shard]!, positions[shard]!, tables))
    const [digestBefore, digestAfter] = [combined(cuts.map(({ before }) => before)), combined(cuts.map(({ after }) => after))]
    return {
      events: cuts.reduce((sum, cut) => sum + cut.events, events),
      seconds: Math.round(monotonicMs() - began) / 1000,
      digestBefore,
      digestAfter,
      equal: digestBefore === digestAfter,
      rowsChanged: cuts.reduce((sum, cut) => sum + cut.changed, 0),
    }
  } finally {
    for (const shadow of shadows) await shadow.drop()
  }
}

/** Projects the whole log into the copies, as the projector would, until each has come as far as its live shard. */
const replay = async (deps: RebuildDeps, shadows: readonly Shadow[], claims: readonly ShardClaim[]) => {
  const { store, map, clock, log, signal } = deps
  const stop = abortWithin(signal)
  const registry = createRegistry('rebuild')
  const metrics = projectionMetrics(registry)
  const writers: ShardWriter[] = []
  for (const [shard, { pool }] of shadows.entries()) {
    const claim = claims[shard]!
    const checkpoint = await claimCheckpoint(pool, claim)
    writers.push(startShardWriter({ pool, claim, checkpoint, metrics, clock, log, signal: stop.signal, publish: () => undefined }))
  }
  const dispatched = dispatchEvents({ store, map, writers, signal: stop.signal, onState: () => undefined })
  const caughtUp = async (): Promise<boolean> => {
    for (const [shard, { pool }] of deps.databases.entries())
      if (isAfter(await liveCheckpoint(pool), writers[shard]!.position())) return false
    return true
  }
  while (!(await caughtUp())) await clock.sleep(POLL_MS, signal)
  stop.abort(new Error('caught up'))
  await dispatched
  await Promise.all(writers.map((writer) => writer.ended))
  const applied = await registry.getSingleMetric('quantbot_projection_events_total')!.get()
  return { positions: writers.map((writer) => writer.position()), events: applied.values.reduce((sum, { value }) => sum + value, 0) }
}

/** While the live checkpoint is held the copy is brought to it; then both are compared, and what differs is replaced. */
const cutOver = async (deps: RebuildDeps, shadow: Shadow, claim: ShardClaim, reached: Position, tables: readonly Table<never>[]) => {
  const { clock, signal } = deps
  const { pool } = deps.databases[claim.shard]!
  while (isAfter(reached, await liveCheckpoint(pool))) await clock.sleep(POLL_MS, signal)
  return transaction(pool, async (client) => {
    await client.query('SET LOCAL statement_timeout = 0')
    await client.query('SET LOCAL idle_in_transaction_session_timeout = 0')
    const held = await client.query<CheckpointRow>('SELECT commit_position, prepare_position FROM checkpoint FOR UPDATE')
    const to = positionOf(held.rows[0]!)
    const events = await eventsBetween(deps, claim.shard, reached, to)
    await applyBatch(shadow.pool, claim, undefined, { events, to })
    const [before, after] = [await digestTables(client, tables), await digestTables(shadow.pool, tables)]
    let changed = 0
    if (before.digest !== after.digest) {
      for (const table of tables) changed += await takeOver(client, table)
      // what projectors remember of rows, and readers of documents, is in doubt
      await client.query('UPDATE checkpoint SET pauses = pauses + 1')
    }
    return { before: before.digest, after: after.digest, changed, events: events.length }
  })
}

interface CheckpointRow {
  readonly commit_position: bigint
  readonly prepare_position: bigint
}

const positionOf = ({ commit_position, prepare_position }: CheckpointRow): Position => ({
  commit: commit_position,
  prepare: prepare_position,
})

const liveCheckpoint = async (pool: Pool): Promise<Position> => {
  const { rows } = await pool.query<CheckpointRow>('SELECT commit_position, prepare_position FROM checkpoint')
  if (!rows[0]) throw new Error('no projector has started on this database yet')
  return positionOf(rows[0])
}

/** The shard's events after `from` up to `to`. */
const eventsBetween = async (
  { store, map }: RebuildDeps,
  shard: number,
  from: Position,
  to: Position,
): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  if (!isAfter(to, from)) return events
  const matches = new RegExp(slicesFilter(slicesOf(map, new Set([shard]))))
  for await (const event of store.readAll(from.commit < 0n ? undefined : from)) {
    if (isAfter(event.position, to)) break
    const account = parseAccountStream(event.streamId)
    if (account ? map.assignment[account.slice] === shard : matches.test(event.streamId)) events.push(event)
  }
  return events
}

const combined = (digests: readonly string[]): string => createHash('sha256').update(digests.join('\n')).digest('hex')
