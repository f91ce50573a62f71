import { asOfAllRoute } from '../../../src/audit/as-of-all-route.ts'
import { type Pair, startPair } from '../../support/debian-postgres.ts'
import { openReadApi, type ReadApi } from '../queries/read-api.ts'

/** Readers and a projector on the primary of a streaming pair, with its standby as the replica of every shard. */
export interface ReplicaStand {
  readonly pair: Pair
  readonly api: ReadApi
  /** Reads by where they were answered: `replica`, `behind` and `failed` by the primary, `stale` refused by their own snapshot. */
  outcomes(): Promise<Readonly<Record<string, number>>>
  close(): Promise<void>
}

export interface StandOptions {
  readonly shards: number
  readonly storeUrl?: string
  /** Accounts of the key `bound`. */
  readonly bound?: readonly string[]
}

export const openReplicaStand = async (bin: string, { shards, storeUrl, bound = [] }: StandOptions): Promise<ReplicaStand> => {
  const pair = await startPair(bin)
  try {
    const names = Array.from({ length: shards }, (_, shard) => `trading_${shard}`)
    for (const name of names) await pair.primary.query(`CREATE DATABASE ${name}`)
    const api = await openReadApi({
      ...{ urls: names.map(pair.primary.url), replicas: names.map((name) => [pair.standby.url(name)]), bound, extra: asOfAllRoute },
      ...(storeUrl === undefined ? {} : { storeUrl }),
    })
    const close = async (): Promise<void> => {
      await api.close()
      await pair.close()
    }
    try {
      await api.side.startProjector({ feed: api.feed })
    } catch (error) {
      await api.close()
      throw error
    }
    const outcomes = async () => {
      const metric = await api.registry.getSingleMetric('quantbot_replica_reads_total')!.get()
      return Object.fromEntries(metric.values.map(({ labels, value }) => [String(labels.outcome), value]))
    }
    return { pair, api, outcomes, close }
  } catch (error) {
    await pair.close()
    throw error
  }
}
