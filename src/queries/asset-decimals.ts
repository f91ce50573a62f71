import type { InstrumentBook } from '../events/instruments.ts'
import type { Pool } from '../platform/postgres.ts'

// The shard's own copy: it has seen the instrument before any event that uses it.
const FROM_SHARD = `
  SELECT base_decimals AS decimals FROM instruments WHERE base = $1
  UNION ALL SELECT quote_decimals FROM instruments WHERE quote = $1 LIMIT 1`

/** Decimals of these assets: from the instruments this process follows, else, for one it has not heard of yet, from the shard. @throws when nothing tells */
export const decimalsOf = async (
  instruments: InstrumentBook,
  pool: Pool,
  assets: Iterable<string>,
): Promise<ReadonlyMap<string, number>> => {
  const known = new Map<string, number>()
  for (const asset of new Set(assets)) {
    const decimals = instruments.byAsset(asset)?.decimals ?? (await askShard(pool, asset))
    if (decimals === undefined) throw new Error(`the decimals of ${asset} are unknown`)
    known.set(asset, decimals)
  }
  return known
}

const askShard = async (pool: Pool, asset: string): Promise<number | undefined> => {
  const { rows } = await pool.query<{ decimals: number }>({ name: 'asset-decimals', text: FROM_SHARD, values: [asset] })
  return rows[0]?.decimals
}
