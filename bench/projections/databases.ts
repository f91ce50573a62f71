import pg from 'pg'
import { systemClock } from '../../src/platform/clock.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { createLog } from '../../src/platform/log.ts'
import { migrateToLatest } from '../../src/platform/migrations.ts'
import { createPool, type Pool } from '../../src/platform/postgres.ts'
import { digestTables } from '../../src/projections/digest.ts'

const log = createLog('bench-databases', 'error')

/** New, migrated databases on a server, in shard order. */
export const freshDatabases = async (server: string, count: number): Promise<readonly string[]> => {
  const tag = systemIds.bytes(4).toString('hex')
  const urls = Array.from({ length: count }, (_, shard) => {
    const url = new URL(server)
    url.pathname = `/bench_${tag}_${shard}`
    return url.href
  })
  for (const url of urls) await onServer(server, `CREATE DATABASE ${new URL(url).pathname.slice(1)}`)
  for (const url of urls) await migrateToLatest(url, log)
  return urls
}

export const dropDatabases = async (server: string, urls: readonly string[]): Promise<void> => {
  for (const url of urls) await onServer(server, `DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`)
}

/** What the databases hold: events of accounts by their revisions, rows, and the digest over all rows. */
export interface Held {
  readonly events: number
  readonly rows: number
  readonly digest: string
}

export const heldIn = (urls: readonly string[]): Promise<Held> =>
  withPools(urls, async (pools) => {
    let rows = 0
    const digests: string[] = []
    for (const pool of pools) {
      const tables = await digestTables(pool)
      rows += tables.rows
      digests.push(tables.digest)
    }
    return { events: await eventsOf(pools), rows, digest: digests.join('') }
  })

/** Events of accounts that the rows account for. */
export const eventsIn = (urls: readonly string[]): Promise<number> => withPools(urls, eventsOf)

/** Resolves once every shard's checkpoint, whoever moves it, has come to its head. */
export const arrived = (urls: readonly string[], heads: readonly bigint[]): Promise<void> =>
  withPools(urls, async (pools) => {
    for (const [shard, pool] of pools.entries()) while ((await checkpointOf(pool)) < heads[shard]!) await systemClock.sleep(ARRIVAL_MS)
  })

/** One small query each time: nothing beside the projecting, and a hundredth of a run of ten seconds. */
const ARRIVAL_MS = 100

const withPools = async <T>(urls: readonly string[], use: (pools: readonly Pool[]) => Promise<T>): Promise<T> => {
  const pools = urls.map((url) => createPool(url, { name: 'bench', log, max: 1 }))
  try {
    return await use(pools)
  } finally {
    await Promise.all(pools.map((pool) => pool.end()))
  }
}

const eventsOf = async (pools: readonly Pool[]): Promise<number> => {
  const counts = await Promise.all(pools.map((pool) => pool.query<{ n: bigint | null }>(EVENTS)))
  return counts.reduce((sum, { rows }) => sum + Number(rows[0]!.n ?? 0n), 0)
}

/** Before the first one: -1. */
const checkpointOf = async (pool: Pool): Promise<bigint> =>
  (await pool.query<{ at: bigint }>('SELECT commit_position AS at FROM checkpoint')).rows[0]?.at ?? -1n

const EVENTS = 'SELECT sum(revision + 1)::bigint AS n FROM accounts'

const onServer = async (connectionString: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
