import pg from 'pg'
import { SUPERUSER } from './cluster.ts'

/** URL of one database, with the password. */
export const databaseUrl = (port: number, password: string, database: string): string =>
  `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`

/** The shards' databases, in shard order. */
export const shardNames = (count: number): string[] => Array.from({ length: count }, (_, shard) => `quantbot_${shard}`)

// A start takes 40 ms; recovery after a crash writes back at most max_wal_size.
const READY_TIMEOUT_MS = 100_000

/** Waits until the server takes connections (it refuses them while it recovers) and makes the databases that are missing. */
export const openDatabases = async (port: number, password: string, names: readonly string[], signal: AbortSignal): Promise<void> => {
  const client = await connectWhenReady(databaseUrl(port, password, 'postgres'), signal)
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database')
    const there = new Set(rows.map((row) => row.datname))
    for (const name of names) if (!there.has(name)) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}

const connectWhenReady = async (connectionString: string, signal: AbortSignal): Promise<pg.Client> => {
  for (let waited = 0; ; waited += 20) {
    const client = new pg.Client({ connectionString })
    client.on('error', () => {}) // a server that goes away is noticed by its process
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end().catch(() => {})
      const { code } = error as { code?: string }
      // 57P03: starting up or shutting down. Anything else (a wrong password) will not change by waiting.
      if ((code !== '57P03' && code !== 'ECONNREFUSED' && code !== 'ECONNRESET') || waited > READY_TIMEOUT_MS) throw error
    }
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
