import type { Observable } from 'rxjs'
import type { InstrumentBook } from '../events/instruments.ts'
import { accountStream } from '../events/streams.ts'
import type { Refusal } from '../platform/http/problem.ts'
import { refusal } from '../platform/http/problem.ts'
import type { Logger } from '../platform/log.ts'
import type { Counter } from '../platform/metrics.ts'
import { faultOf, isTransient, type Pool } from '../platform/postgres.ts'
import { awaitPosition, type ConsistencyDeps } from './consistency.ts'
import type { RedisReader } from './shards/redis-reader.ts'
import { type CacheHit, later } from './shards/shard-cache.ts'
import type { Shard } from './shards/shards.ts'
import type { Change } from './streams/changes.ts'

/** What the resources read with. */
export interface ReaderDeps extends ConsistencyDeps {
  readonly logId: string
  readonly instruments: InstrumentBook
  /** Those of the map in force, asked anew for each request: a reshard changes them. */
  readonly shards: readonly Shard[]
  /** What committed steps have changed, for streams. */
  readonly changes: Observable<Change>
  /** Candles and marks: in the first database, whatever the map. */
  readonly market: MarketDatabase
  /** The shard of an account by the map in force. */
  readonly shardOf: (accountId: string) => Shard
  readonly redis: RedisReader | undefined
  /** Counts where a cacheable document came from. */
  readonly cacheReads: Counter<'tier'>
  readonly log: Logger
}

export type MarketDatabase = Pick<ReadShard, 'shard' | 'pool' | 'replicas' | 'needs' | 'failed'>

/** A shard as one request reads it: nothing older than the position that its client has seen. */
export interface ReadShard extends Shard {
  readonly needs: bigint
}

/** Spelled out: a spread would cost a read from the cache more than all else. */
export const asRead = (of: Shard, needs: bigint): ReadShard => ({
  map: of.map,
  shard: of.shard,
  pool: of.pool,
  cache: of.cache,
  progress: of.progress,
  loads: of.loads,
  replicas: of.replicas,
  failed: of.failed,
  needs,
})

/** One operation on a shard: a named prepared statement. Its rows must have a column `found`, true. */
export interface Sql {
  readonly name: string
  readonly text: string
}

/** Rows of an account and what the shard knew of it, all of one snapshot. */
export interface AccountRows<Row> {
  readonly rows: readonly Row[]
  readonly asOf: bigint
  /** False: no such account up to `asOf`. */
  readonly known: boolean
  /** Events of the account wait for a fix: later ones are missing here. */
  readonly incomplete: boolean
}

// One statement is one snapshot: data, checkpoint and account can't contradict each other, without the four round trips of a transaction.
// $1 is the account, $2 its stream. The rows come numbered, because a join promises no order.
const framed = (text: string): string => `
  WITH picked AS MATERIALIZED (SELECT row_number() OVER () AS "place", q.* FROM (${text}) q)
  SELECT c.commit_position AS "asOf", a.account_id IS NOT NULL OR p.stream_id IS NOT NULL AS "known", p.stream_id IS NOT NULL AS "incomplete", picked.*
  FROM checkpoint c
  LEFT JOIN accounts a ON a.account_id = $1
  LEFT JOIN paused_streams p ON p.stream_id = $2
  LEFT JOIN picked ON true
  ORDER BY picked."place"`

type Framed<Row> = Row & { readonly asOf: bigint; readonly known: boolean; readonly incomplete: boolean; readonly found: true | null }

const frames = new Map<string, string>()

/**
 * Runs an account's statement on its shard; $1 and $2 are given, `values` start at $3. Readers who ask the same at the same time share one
 * statement. Answers the 503 when the database can't.
 */
export const readAccount = <Row>(
  shard: ReadShard,
  accountId: string,
  sql: Sql,
  values: readonly unknown[],
): Promise<AccountRows<Row> | { readonly refusal: Refusal }> =>
  // a statement may have begun before the position that the shard is known to have reached by now: who needs that one has to ask anew
  shard.loads.share(
    JSON.stringify([sql.name, accountId, ...values]),
    shard.replicas.any ? shard.needs : shard.progress.known(),
    (read) => ('refusal' in read ? undefined : read.asOf),
    () => queryAccount<Row>(shard, accountId, sql, values),
  )

const queryAccount = async <Row>(
  shard: ReadShard,
  accountId: string,
  sql: Sql,
  values: readonly unknown[],
): Promise<AccountRows<Row> | { readonly refusal: Refusal }> => {
  const text = frames.get(sql.name) ?? framed(sql.text)
  frames.set(sql.name, text)
  const query = { name: sql.name, text, values: [accountId, accountStream(accountId), ...values] }
  return reading(shard, async () => {
    const { rows } = await routed(
      shard,
      (pool) => pool.query<Framed<Row>>(query),
      ({ rows: [row] }) => row?.asOf,
    )
    const first = rows[0]
    if (!first) return { refusal: refusal('not_ready', 'the read model has not been started yet') }
    shard.progress.saw(first.asOf)
    const asOf = later(first.asOf, 0n)
    return { rows: first.found ? rows : [], asOf, known: first.known, incomplete: first.incomplete }
  })
}

/**
 * Reads on a replica that has replayed what the reader needs, else on the primary. `asOf` tells the position that an answer shows, which is
 * held against what was needed once more; `picked` is how far the replica was before it was asked.
 */
export const routed = async <T>(
  { pool, replicas, needs }: Pick<ReadShard, 'pool' | 'replicas' | 'needs'>,
  read: (pool: Pool) => Promise<T>,
  asOf: (value: T, picked: bigint) => bigint | undefined,
): Promise<T> => {
  const replica = replicas.pick(needs)
  if (replica)
    try {
      const value = await read(replica.pool)
      const at = asOf(value, replica.position)
      if (at !== undefined && replica.served(at)) return value
    } catch {
      // away, or the query was cancelled because replay had to go on
      replica.failed()
    }
  return read(pool)
}

/** Runs a read of a shard: a database that is away is a 503, not a fault of ours. */
export const reading = async <T>(
  shard: Pick<Shard, 'shard' | 'failed'>,
  read: () => Promise<T>,
): Promise<T | { readonly refusal: Refusal }> => {
  try {
    return await read()
  } catch (error) {
    if (!isTransient(error)) throw error
    shard.failed(faultOf(error))
    return { refusal: refusal('not_ready', `the database of shard ${shard.shard} does not answer`) }
  }
}

/** Reads what the market has told, on a replica where one is up to date with it. No position of the log says how far that is. */
export const ofMarket = <T>({ market }: ReaderDeps, read: (pool: Pool) => Promise<T>): Promise<T | { readonly refusal: Refusal }> =>
  reading(market, () => routed(market, read, (_, picked) => picked))

/** Waits for the client's position; the 503 when it does not come. */
export const consistent = (deps: ReaderDeps, shard: Shard, minPosition: bigint, signal: AbortSignal): Promise<Refusal | undefined> =>
  awaitPosition(deps, shard.progress, minPosition, signal)

/** A cached document that is true at `minPosition` or later: from this process, where it takes no promise, else from Redis; undefined: ask the database. */
export const readCached = (
  deps: ReaderDeps,
  shard: Shard,
  key: string,
  minPosition: bigint,
): CacheHit | undefined | Promise<CacheHit | undefined> =>
  ownCached(deps, shard, key, minPosition) ?? redisCached(deps, shard, key, minPosition)

const ownCached = (deps: ReaderDeps, shard: Shard, key: string, minPosition: bigint): CacheHit | undefined => {
  const own = shard.cache.get(key)
  if (!own || own.asOf < minPosition) return undefined
  deps.cacheReads.inc(OF_PROCESS)
  return own
}

const redisCached = async (deps: ReaderDeps, shard: Shard, key: string, minPosition: bigint): Promise<CacheHit | undefined> => {
  const stored = await deps.redis?.read(shard, key)
  if (!stored || stored.asOf < minPosition) {
    deps.cacheReads.inc(OF_DATABASE)
    return undefined
  }
  deps.cacheReads.inc(OF_REDIS)
  shard.cache.fill(key, stored)
  return stored
}

const OF_PROCESS = { tier: 'process' } as const
const OF_REDIS = { tier: 'redis' } as const
const OF_DATABASE = { tier: 'database' } as const
