import type { Pool } from '../../platform/postgres.ts'
import { openReplicas, type Replicas, type ReplicasDeps } from './replicas.ts'

/** The primary's position is asked this often: replicas are at most about a second behind it, as those of the shards. */
const BEAT_MS = 100

const WRITTEN = { name: 'market-look', text: `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS at` }
// null on a server that is nobody's replica: it is never picked
const REPLAYED = { name: 'market-replica-look', text: `SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint AS at` }

export type MarketReplicasDeps = Omit<ReplicasDeps, 'shard' | 'known' | 'look'> & { readonly primary: Pool }

/** Replicas for candles. The log says nothing of these, so a replica is measured by the LSN that it has replayed, against the primary's own. */
export const openMarketReplicas = ({ primary, ...deps }: MarketReplicasDeps): Replicas => {
  const { urls, clock } = deps
  const stop = new AbortController()
  let written = -1n
  const watch = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      // while the primary is away nothing is written: what was known of it stays true
      const { rows } = await primary.query<{ at: bigint }>(WRITTEN).catch(() => ({ rows: [] }))
      written = rows[0]?.at ?? written
      await clock.sleep(BEAT_MS, stop.signal).catch(() => undefined)
    }
  }
  const watching = urls.length === 0 ? Promise.resolve() : watch()
  const replicas = openReplicas({ ...deps, shard: 0, known: () => written, look: REPLAYED })
  return {
    ...replicas,
    close: async () => {
      stop.abort()
      await watching
      await replicas.close()
    },
  }
}
