import { createHash } from 'node:crypto'
import { type Pool, type PoolClient, transaction } from '../platform/postgres.ts'
import { READ_MODELS } from './read-models.ts'
import type { SqlType, Table } from './rows/table.ts'

export interface ShardDigest {
  readonly shard: number
  /** Commit position that the rows are true at. */
  readonly position: string
  readonly rows: number
  readonly digest: string
}

/** What the read models hold, in one comparable value: equal logs give equal digests, however they were batched, restarted or rebuilt. */
export interface ReadModelDigest {
  /** The lowest of the shards'. */
  readonly position: string
  readonly shards: readonly ShardDigest[]
  readonly digest: string
}

/** Digests every row of every read model, each shard in one snapshot. Minutes for tens of millions of rows. @throws when a database is away or was never projected to */
export const digestShards = async (pools: readonly Pool[]): Promise<ReadModelDigest> => {
  const shards = await Promise.all(pools.map((pool) => transaction(pool, digestShard, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')))
  const lowest = shards.map(({ position }) => BigInt(position)).sort((a, b) => (a < b ? -1 : 1))[0]
  const digest = createHash('sha256')
  for (const shard of shards) digest.update(`${shard.shard} ${shard.rows} ${shard.digest}\n`)
  return { position: String(lowest ?? 0n), shards, digest: digest.digest('hex') }
}

const digestShard = async (client: PoolClient): Promise<ShardDigest> => {
  await client.query('SET LOCAL statement_timeout = 0')
  const { rows } = await client.query<{ shard: number; commit_position: bigint }>('SELECT shard, commit_position FROM checkpoint')
  const checkpoint = rows[0]
  if (!checkpoint) throw new Error('no projector has started on this database yet')
  const position = checkpoint.commit_position < 0n ? 0n : checkpoint.commit_position
  return { shard: checkpoint.shard, position: String(position), ...(await digestTables(client)) }
}

/** Counts and digests the rows of these tables of one database, all read models when left out. */
export const digestTables = async (
  client: Pick<PoolClient, 'query'>,
  tables: readonly Table<never>[] = READ_MODELS.map((model) => model.table),
): Promise<{ readonly rows: number; readonly digest: string }> => {
  const digest = createHash('sha256')
  let rows = 0
  for (const table of tables) {
    const part = await digestTable(client, table)
    digest.update(`${table.name} ${part.rows} ${part.digest}\n`)
    rows += part.rows
  }
  return { rows, digest: digest.digest('hex') }
}

// 32 bytes a row are gathered in key order and hashed once more: a million rows need 32 MB in the server and one row comes back.
// Everything in these tables derives from the events alone, so no column has to be left out.
const digestTable = async (client: Pick<PoolClient, 'query'>, table: Table<never>): Promise<{ rows: number; digest: string }> => {
  const columns = Object.values(table.columns) as (readonly [string, SqlType])[]
  const key = (table.key as readonly string[]).map((field) => (table.columns as Record<string, readonly [string, SqlType]>)[field]![0])
  const text = `
    SELECT count(*) AS rows, encode(sha256(coalesce(string_agg(h, ''::bytea ORDER BY ${key.join(', ')}), ''::bytea)), 'hex') AS digest
    FROM (SELECT ${key.join(', ')}, sha256(convert_to(ROW(${columns.map(([column]) => column).join(', ')})::text, 'UTF8')) AS h FROM ${table.name}) hashed`
  const patient = { text, query_timeout: 2_000_000_000 }
  const { rows } = await client.query<{ rows: bigint; digest: string }>(patient)
  return { rows: Number(rows[0]!.rows), digest: rows[0]!.digest }
}
