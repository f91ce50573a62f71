import type { Pool } from '../../platform/postgres.ts'

/** A process that has not been heard of for this long counts as gone: five of its beats. */
const ALIVE_MS = 5_000

/** Living queries processes that do not read by this map yet. */
export const readersLeft = async (first: Pool, mapVersion: number): Promise<readonly string[]> => {
  const { rows } = await first.query<{ process: string }>(
    `SELECT process FROM readers WHERE map_version < $1 AND seen_at > clock_timestamp() - $2 * interval '1 millisecond'`,
    [mapVersion, ALIVE_MS],
  )
  return rows.map(({ process }) => process)
}

/** Living projectors of any of these shards. */
export const projectorsOf = async (pools: readonly Pool[]): Promise<ReadonlySet<string>> => {
  const found = await Promise.all(
    pools.map((pool) =>
      pool.query<{ owner: string }>(`SELECT owner FROM projectors WHERE seen_at > clock_timestamp() - $1 * interval '1 millisecond'`, [
        ALIVE_MS,
      ]),
    ),
  )
  return new Set(found.flatMap(({ rows }) => rows.map(({ owner }) => owner)))
}

/** The lowest commit position that any of these shards has come to; -1 before the first event. */
export const lowestOf = async (pools: readonly Pool[]): Promise<bigint> => {
  const found = await Promise.all(pools.map((pool) => pool.query<{ at: bigint }>('SELECT commit_position AS at FROM checkpoint')))
  return found.map(({ rows }) => rows[0]?.at ?? -1n).sort((a, b) => (a < b ? -1 : 1))[0] ?? -1n
}
