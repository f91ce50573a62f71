import pg from 'pg'
import { connectionOf, type Pool, transaction } from '../../platform/postgres.ts'
import { READ_MODELS } from '../read-models.ts'
import type { ShardMap } from '../shard-map.ts'

/** The databases of a map to be built: evenly over the servers, named after the server's own database, the map and the shard. */
export const placesOf = (version: number, shards: number, servers: readonly string[]): NonNullable<ShardMap['databases']> =>
  Array.from({ length: shards }, (_, shard) => {
    const server = shard % servers.length
    return { server, name: `${databaseOf(servers[server]!)}_m${version}_${shard}` }
  })

/** Makes the databases that are missing. @throws when the user may not */
export const createDatabases = async (map: ShardMap, servers: readonly string[]): Promise<void> => {
  for (const { server, name } of map.databases ?? [])
    await onServer(servers[server]!, async (client) => {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
      if (!rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
    })
}

/**
 * Removes a map's rows for good; done already is fine. Databases that a reshard has made are dropped. Those of the first map hold other
 * things too (settlement's index, candles): there the read models are emptied, and the checkpoint goes in the same transaction, so that no
 * reader takes the empty tables for an answer.
 */
export const removeMap = async (map: ShardMap, servers: readonly string[], openPool: (url: string) => Pool): Promise<void> => {
  if (map.databases) {
    for (const { server, name } of map.databases)
      await onServer(servers[server]!, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`)
      })
    return
  }
  for (const url of servers.slice(0, map.shards)) {
    const pool = openPool(url)
    try {
      await transaction(pool, async (client) => {
        const { rowCount } = await client.query('INSERT INTO retired_maps VALUES ($1) ON CONFLICT DO NOTHING', [map.version])
        if (!rowCount) return
        const tables = new Set(['checkpoint', 'paused_streams', 'parked_events', ...READ_MODELS.map((model) => model.table.name)])
        await client.query(`TRUNCATE ${[...tables].join(', ')}`)
      })
    } finally {
      await pool.end()
    }
  }
}

const databaseOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1))

/** A connection of its own: databases are not made inside transactions, and take longer than a reader's patience. */
const onServer = async (url: string, work: (client: pg.Client) => Promise<void>): Promise<void> => {
  const client = new pg.Client({ connectionString: connectionOf(url).connectionString, application_name: 'quantbot-reshard' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
