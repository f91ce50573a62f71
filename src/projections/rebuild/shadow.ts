import type { Logger } from '../../platform/log.ts'
import { connectionOf, createPool, type Pool } from '../../platform/postgres.ts'
import { READ_MODELS } from '../read-models.ts'

/** The schema beside the live one, in the shard's own database. */
export const SHADOW = 'rebuild'

/** Tables that a projector writes besides the read models. */
const BOOKKEEPING = ['checkpoint', 'paused_streams', 'parked_events', 'retired_maps'] as const
/** Any number of ours: a second rebuild of the same database is refused as long as the first one's connection lives. */
const ADVISORY_LOCK = 7_230_452

/** An empty copy of a shard's tables, to be projected into from the beginning. */
export interface Shadow {
  /** Its connections see the copy alone. */
  readonly pool: Pool
  /** Drops the copy and ends the pool. */
  drop(): Promise<void>
}

/** Makes the copy beside the live tables. @throws when another rebuild of this database is under way */
export const openShadow = async (live: Pool, url: string, log: Logger): Promise<Shadow> => {
  if (connectionOf(url).pooled) throw new Error('a rebuild keeps state in its sessions: give it DATABASE_URLS past the pooler')
  const guard = await live.connect()
  const release = async (): Promise<void> => {
    await guard.query(`DROP SCHEMA IF EXISTS ${SHADOW} CASCADE`)
    await guard.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK])
    guard.release()
  }
  const { rows } = await guard.query<{ ours: boolean }>('SELECT pg_try_advisory_lock($1) AS ours', [ADVISORY_LOCK])
  if (!rows[0]?.ours) {
    guard.release()
    throw new Error('another rebuild of this database is under way')
  }
  try {
    // what an interrupted rebuild left behind
    await guard.query(`DROP SCHEMA IF EXISTS ${SHADOW} CASCADE`)
    await guard.query(`CREATE SCHEMA ${SHADOW}`)
    for (const table of new Set([...BOOKKEEPING, ...READ_MODELS.map((model) => model.table.name)]))
      await guard.query(`CREATE TABLE ${SHADOW}.${table} (LIKE public.${table} INCLUDING ALL)`)
  } catch (error) {
    await release().catch(() => undefined)
    throw error
  }
  const pool = createPool(withSearchPath(url), { name: 'rebuild', log, max: 3 })
  return {
    pool,
    drop: async () => {
      await pool.end()
      await release()
    },
  }
}

const withSearchPath = (url: string): string => {
  const own = new URL(url)
  own.searchParams.set('options', `-c search_path=${SHADOW}`)
  return own.href
}
