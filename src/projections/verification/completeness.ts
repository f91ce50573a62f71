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
  /** Whether this process is behind with its projecting: then the count leaves it nearly all of the time. */
  readonly busy: () => boolean
  readonly metrics: ProjectionMetrics
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  readonly everyMs?: number
  /** Pauses are this many times the work before them, whatever else there is to do. */
  readonly pauseFactor?: number
}

/** Often enough to be told before the next question, seldom enough to cost nothing. */
const EVERY_MS = 10_000
/** A sum over all accounts is followed by a pause of this many times its length: over a million of them it takes its time. */
const SUM_PAUSE = 20
/** Events read at a time, about a tenth of a second of work. */
const PAGE = 2_000
/**
 * And the pause after them, in times of their length. While nothing else waits, a quarter of this thread lets the count keep up with more than
 * the write side can take; a process that is itself behind gets along with a twentieth.
 */
const [PAGE_PAUSE, BUSY_PAUSE] = [3, 20]

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
  const { clock, log, signal, everyMs = EVERY_MS, pauseFactor = SUM_PAUSE } = deps
  for (let pause = everyMs; !signal.aborted; ) {
    await clock.sleep(pause, signal).catch(() => undefined)
    if (signal.aborted) return
    const began = clock.now()
    const summed = await countRound(deps).catch((error: unknown) => {
      if (!signal.aborted) log.debug({ detail: faultOf(error) }, 'the log could not be counted')
      return clock.now() - began
    })
    pause = Math.max(everyMs, pauseFactor * summed)
  }
}

/** One sum of the rows of each held shard, and the count of the log up to the very positions that these are of; answers how long the sums took, ms. */
const countRound = async (deps: CompletenessDeps): Promise<number> => {
  const { store, pools, map, held, busy, pauseFactor, clock, signal } = deps
  const began = clock.now()
  const shards = await Promise.all([...held()].map((shard) => readShard(pools[shard]!, shard, map)))
  const summed = clock.now() - began
  const isBehind = ({ seen, counted }: Shard): boolean => isAfter(seen.position, counted.position)
  // a shard that another process has taken over is counted there
  const own = (): readonly Shard[] => shards.filter(({ shard }) => [...held()].includes(shard))
  for (let behind = own().filter(isBehind); behind.length > 0; behind = own().filter(isBehind)) {
    const before = clock.now()
    await readPage(store, map, behind)
    for (const shard of behind) if (isBehind(shard)) await save(deps, shard)
    const factor = pauseFactor ?? (busy() ? BUSY_PAUSE : PAGE_PAUSE)
    await clock.sleep(factor * (clock.now() - before), signal)
  }
  for (const shard of own()) await judge(deps, shard)
  return summed
}

/** Goes on with the counts by a page of the log, at most as far as the shards' checkpoints. */
const readPage = async (store: EventStore, map: ShardMap, shards: readonly Shard[]): Promise<void> => {
  const counting = new Map(shards.map((shard) => [shard.shard, { shard, events: 0, accounts: new Map<string, Revisions>() }]))
  const from = shards.map(({ counted }) => counted.position).reduce((a, b) => (isAfter(a, b) ? b : a))
  const until = shards.map(({ seen }) => seen.position).reduce((a, b) => (isAfter(a, b) ? a : b))
  let read = from
  let left = PAGE
  for await (const { streamId, revision, position } of store.readAll(isAfter(from, BEFORE_ALL) ? from : undefined, PAGE)) {
    if (isAfter(position, until)) {
      read = until
      break
    }
    read = position
    left--
    const account = parseAccountStream(streamId)
    const count = account && counting.get(map.assignment[account.slice]!)
    if (!count || isAfter(position, count.shard.seen.position) || !isAfter(position, count.shard.counted.position)) continue
    count.events++
    const seen = count.accounts.get(account.accountId)
    if (seen) seen.last = revision
    else count.accounts.set(account.accountId, { first: revision, last: revision })
  }
  // the end of the log: nothing is left that a checkpoint could have passed
  if (left > 0) read = until
  for (const { shard, events, accounts } of counting.values()) {
    const { counted, seen } = shard
    const reached = isAfter(read, seen.position) ? seen.position : read
    if (!isAfter(reached, counted.position)) continue
    let { heads } = counted
    // two hashes for an account, however many of its events the page has
    for (const [accountId, { first, last }] of accounts)
      heads += headOf(accountId, last) - (first > 0n ? headOf(accountId, first - 1n) : 0n)
    shard.counted = { position: reached, events: counted.events + BigInt(events), heads }
  }
}

/** Of one account in a page. */
interface Revisions {
  readonly first: bigint
  last: bigint
}

const judge = async (deps: CompletenessDeps, counting: Shard): Promise<void> => {
  const { shard, seen, counted } = counting
  const labels = { shard: String(shard) }
  const missing = counted.events - seen.events
  const equal = missing === 0n && counted.heads === seen.heads
  deps.metrics.loggedEvents.set(labels, Number(counted.events))
  deps.metrics.missingEvents.set(labels, Number(missing))
  deps.metrics.headsDiffer.set(labels, equal ? 0 : 1)
  const found = { ...labels, logged: String(counted.events), missing: String(missing) }
  if (!equal) deps.log.error(found, 'ALARM: the rows do not hold the whole log: rebuild')
  await save(deps, counting, [seen.position.commit, missing, equal])
}

/** Keeps how far the count has come, and the verdict where there is one. */
const save = async (
  { metrics, map }: Pick<CompletenessDeps, 'metrics' | 'map'>,
  { shard, pool, counted }: Shard,
  verdict: readonly [position: bigint, missing: bigint, equal: boolean] | readonly [null, null, null] = [null, null, null],
): Promise<void> => {
  const { position, events, heads } = counted
  metrics.countedPosition.set({ shard: String(shard) }, Number(position.commit))
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

// A page of a round that is not through leaves the last verdict standing.
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
