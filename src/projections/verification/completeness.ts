import { createHash } from 'node:crypto'
import type { EventStore, Position } from '../../events/store/event-store.ts'
import { parseAccountStream } from '../../events/streams.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { faultOf, type Pool } from '../../platform/postgres.ts'
import type { ProjectionMetrics } from '../metrics.ts'
import type { ShardMap } from '../shard-map.ts'
import { BEFORE_ALL, isAfter } from '../writing/checkpoint.ts'

export interface CompletenessDeps {
  readonly store: EventStore
  readonly pools: readonly Pool[]
  readonly map: ShardMap
  /** Shards that this process projects now. */
  readonly held: () => Iterable<number>
  readonly metrics: ProjectionMetrics
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  readonly everyMs?: number
  /** A round is followed by a pause of at least this many times its length. */
  readonly pauseFactor?: number
}

/** Often enough to be told before the next question, seldom enough to cost nothing. */
const EVERY_MS = 10_000
/** A count over a million accounts takes its time: a twentieth of one core is for it. */
const PAUSE_FACTOR = 20
/** Events read in a round, about half a second of work: a count that is behind must not compete with the projecting. */
const MOST_READ = 10_000

/** How much of a shard's log there is up to a position. */
export interface Counted {
  readonly position: Position
  /** Events of the shard's accounts. */
  readonly events: bigint
  /** Sum over the accounts of the hash of (account, newest revision): equal for equal sets of heads, whatever the order. */
  readonly heads: bigint
}

interface Shard {
  readonly shard: number
  readonly pool: Pool
  /** What the rows account for at the checkpoint. */
  readonly seen: Counted
  counted: Counted
}

/**
 * Counts the log itself, every event of `$all` without a filter, and holds it against what each held shard's rows account for at its checkpoint.
 * Lag reads zero while events are lost; this does not. A difference raises the alarm: metric, log line, /v1/status.
 */
export const countCompleteness = async (deps: CompletenessDeps): Promise<void> => {
  const { clock, log, signal, everyMs = EVERY_MS, pauseFactor = PAUSE_FACTOR } = deps
  for (let pause = everyMs; !signal.aborted; ) {
    await clock.sleep(pause, signal).catch(() => undefined)
    if (signal.aborted) return
    const began = clock.now()
    await countRound(deps).catch((error: unknown) => log.debug({ detail: faultOf(error) }, 'the log could not be counted'))
    pause = Math.max(everyMs, pauseFactor * (clock.now() - began))
  }
}

const countRound = async (deps: CompletenessDeps): Promise<void> => {
  const { store, pools, map, held } = deps
  const shards = await Promise.all([...held()].map((shard) => readShard(pools[shard]!, shard, map)))
  const behind = shards.filter(({ seen, counted }) => isAfter(seen.position, counted.position))
  if (behind.length > 0) await readOn(store, map, behind)
  for (const shard of shards) await judge(deps, shard)
}

/** Goes on with the counts as far as the shards' checkpoints, or as far as a round may go. */
const readOn = async (store: EventStore, map: ShardMap, shards: readonly Shard[]): Promise<void> => {
  const byShard = new Map(shards.map((shard) => [shard.shard, shard]))
  const from = shards.map(({ counted }) => counted.position).reduce((a, b) => (isAfter(a, b) ? b : a))
  const until = shards.map(({ seen }) => seen.position).reduce((a, b) => (isAfter(a, b) ? a : b))
  let read = from
  let left = MOST_READ
  for await (const { streamId, revision, position } of store.readAll(isAfter(from, BEFORE_ALL) ? from : undefined, MOST_READ)) {
    if (isAfter(position, until)) {
      read = until
      break
    }
    read = position
    left--
    const account = parseAccountStream(streamId)
    const shard = account && byShard.get(map.assignment[account.slice]!)
    if (!shard || isAfter(position, shard.seen.position) || !isAfter(position, shard.counted.position)) continue
    const { events, heads } = shard.counted
    const before = revision > 0n ? headOf(account.accountId, revision - 1n) : 0n
    shard.counted = { position, events: events + 1n, heads: heads + headOf(account.accountId, revision) - before }
  }
  // the end of the log: nothing is left that a checkpoint could have passed
  if (left > 0) read = until
  for (const shard of shards) {
    const reached = isAfter(read, shard.seen.position) ? shard.seen.position : read
    if (isAfter(reached, shard.counted.position)) shard.counted = { ...shard.counted, position: reached }
  }
}

const judge = async ({ metrics, map, log }: CompletenessDeps, { shard, pool, seen, counted }: Shard): Promise<void> => {
  const labels = { shard: String(shard) }
  const done = !isAfter(seen.position, counted.position)
  const missing = counted.events - seen.events
  const equal = missing === 0n && counted.heads === seen.heads
  metrics.countedPosition.set(labels, Number(counted.position.commit))
  if (done) {
    metrics.loggedEvents.set(labels, Number(counted.events))
    metrics.missingEvents.set(labels, Number(missing))
    metrics.headsDiffer.set(labels, equal ? 0 : 1)
    if (!equal)
      log.error(
        { ...labels, logged: String(counted.events), missing: String(missing) },
        'ALARM: the rows do not hold the whole log: rebuild',
      )
  }
  const { position, events, heads } = counted
  const verdict = done ? [seen.position.commit, missing, equal] : [null, null, null]
  await pool.query({
    name: 'completeness-save',
    text: SAVE,
    values: [shard, map.version, position.commit, position.prepare, events, heads, ...verdict],
  })
}

/** 60 bits of a hash: what Postgres can sum without a sign. */
const headOf = (accountId: string, revision: bigint): bigint =>
  createHash('sha256').update(`${accountId}/${revision}`).digest().readBigUInt64BE() >> 4n

// One statement is one snapshot: the checkpoint, and what the rows account for at it. Events that wait behind a fault are set aside, not lost.
const SEEN = `
  WITH known AS (
    SELECT account_id, revision FROM accounts
    UNION ALL SELECT split_part(stream_id, '.', 2), revision FROM parked_events WHERE stream_id LIKE 'account-%'
  ), heads AS (SELECT account_id, max(revision) AS revision FROM known GROUP BY account_id),
  summed AS (
    SELECT coalesce(sum(revision + 1), 0)::bigint AS events,
      coalesce(sum(('x' || left(encode(sha256(convert_to(account_id || '/' || revision, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0) AS heads
    FROM heads
  )
  SELECT c.commit_position AS "commit", c.prepare_position AS "prepare", summed.events, summed.heads,
    k.commit_position AS "countedCommit", k.prepare_position AS "countedPrepare", k.events AS "countedEvents", k.heads AS "countedHeads"
  FROM checkpoint c CROSS JOIN summed LEFT JOIN completeness k ON k.shard = c.shard AND k.map_version = $2
  WHERE c.shard = $1`

// A round that did not come through leaves the last verdict standing.
const SAVE = `
  INSERT INTO completeness AS k (shard, map_version, commit_position, prepare_position, events, heads, checked_position, missing, equal)
  VALUES ($1, $2, $3, $4, $5, $6, $7::bigint, $8::bigint, $9::boolean)
  ON CONFLICT (shard) DO UPDATE SET map_version = excluded.map_version, commit_position = excluded.commit_position,
    prepare_position = excluded.prepare_position, events = excluded.events, heads = excluded.heads,
    checked_position = coalesce(excluded.checked_position, k.checked_position), missing = coalesce(excluded.missing, k.missing),
    equal = coalesce(excluded.equal, k.equal)`

interface SeenRow {
  readonly commit: bigint
  readonly prepare: bigint
  readonly events: bigint
  readonly heads: bigint
  readonly countedCommit: bigint | null
  readonly countedPrepare: bigint | null
  readonly countedEvents: bigint | null
  readonly countedHeads: bigint | null
}

const readShard = async (pool: Pool, shard: number, map: ShardMap): Promise<Shard> => {
  const { rows } = await pool.query<SeenRow>({ name: 'completeness-seen', text: SEEN, values: [shard, map.version] })
  const row = rows[0]
  if (!row) throw new Error(`shard ${shard} has no checkpoint yet`)
  const { commit, prepare, events, heads, countedCommit, countedPrepare, countedEvents, countedHeads } = row
  const counted: Counted =
    countedCommit === null
      ? { position: BEFORE_ALL, events: 0n, heads: 0n }
      : { position: { commit: countedCommit, prepare: countedPrepare! }, events: countedEvents!, heads: countedHeads! }
  return { shard, pool, seen: { position: { commit, prepare }, events, heads }, counted }
}
