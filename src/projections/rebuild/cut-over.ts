import type { PoolClient } from '../../platform/postgres.ts'
import type { SqlType, Table } from '../rows/table.ts'
import { SHADOW } from './shadow.ts'

/** As long as it takes: the driver's own patience is for readers. */
const UNBOUNDED = { query_timeout: 2_000_000_000 }

/**
 * Makes a live table equal to its copy and answers how many rows differed. Rows that are the same are not touched, so an equal copy costs a
 * comparison, and readers see the one state or the other, never a mixture, without waiting. Runs in the transaction that holds the checkpoint.
 */
export const takeOver = async (client: PoolClient, table: Table<never>): Promise<number> => {
  const columns = (Object.values(table.columns) as (readonly [string, SqlType])[]).map(([column]) => column)
  const key = (table.key as readonly string[]).map((field) => (table.columns as Record<string, readonly [string, SqlType]>)[field]![0])
  const sameKey = key.map((column) => `l.${column} = s.${column}`).join(' AND ')
  const row = (of: string): string => `ROW(${columns.map((column) => `${of}.${column}`).join(', ')})`
  const gone = await client.query({
    text: `
      DELETE FROM public.${table.name} l WHERE NOT EXISTS (
        SELECT 1 FROM ${SHADOW}.${table.name} s WHERE ${sameKey} AND ${row('s')} IS NOT DISTINCT FROM ${row('l')})`,
    ...UNBOUNDED,
  })
  const come = await client.query({
    text: `
      INSERT INTO public.${table.name} (${columns.join(', ')})
      SELECT ${columns.map((column) => `s.${column}`).join(', ')} FROM ${SHADOW}.${table.name} s
      WHERE NOT EXISTS (SELECT 1 FROM public.${table.name} l WHERE ${sameKey})`,
    ...UNBOUNDED,
  })
  return Math.max(gone.rowCount ?? 0, come.rowCount ?? 0)
}
