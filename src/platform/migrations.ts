import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import knex, { type Knex } from 'knex'
import pg from 'pg'
import type { Logger } from './log.ts'
import { connectionOf, isTransient } from './postgres.ts'

/** Any number, the same in every process: it serialises migrations of one database. */
const ADVISORY_LOCK = 7_230_451
/** A database that is still starting is given this long. */
const PATIENCE_MS = 20_000
const RETRY_MS = 250

/** The folder beside src (through tsx) or beside dist/src (built): two levels up from here in both. */
const FOLDER = new URL('../../migrations/', import.meta.url)

/** Brings one database to the newest schema; safe to call from many processes at once. Waits ≤ 20 s for the server. @throws when a migration fails */
export const migrateToLatest = async (url: string, log: Logger): Promise<void> => {
  const guard = await connect(url)
  try {
    // held by a transaction, not by a session: behind a pooler the next statement may run in another one
    await guard.query('BEGIN')
    await guard.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK])
    const db = knex({
      client: 'pg',
      connection: connectionOf(url).connectionString,
      pool: { min: 0, max: 2 },
      migrations: { migrationSource: source },
    })
    try {
      // knex marks its own lock in a table, where it survives a kill -9. Ours ends with its connection, so a mark found now is a leftover.
      await db.migrate.forceFreeMigrationsLock()
      const [, applied] = (await db.migrate.latest()) as [number, string[]]
      if (applied.length > 0) log.info({ applied }, 'database migrated')
    } finally {
      await db.destroy()
    }
    await guard.query('COMMIT')
  } finally {
    await guard.end()
  }
}

const connect = async (url: string): Promise<pg.Client> => {
  for (let waited = 0; ; waited += RETRY_MS) {
    const client = new pg.Client({
      connectionString: connectionOf(url).connectionString,
      application_name: 'quantbot-migrations',
      connectionTimeoutMillis: 3_000,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end().catch(() => {})
      if (!isTransient(error) || waited >= PATIENCE_MS) throw error
      await pause(RETRY_MS)
    }
  }
}

/** Migrations are recorded by name without extension: the same database serves sources and build. */
const source: Knex.MigrationSource<string> = {
  getMigrations: async () =>
    readdirSync(FOLDER)
      .filter((file) => /^\d{4}_\w+\.(ts|js)$/.test(file))
      .sort(),
  getMigrationName: (file) => file.replace(/\.(ts|js)$/, ''),
  getMigration: async (file) => (await import(new URL(file, FOLDER).href)) as Knex.Migration,
}
