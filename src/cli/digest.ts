import type { Logger } from '../platform/log.ts'
import { createPool } from '../platform/postgres.ts'
import { digestShards } from '../projections/digest.ts'
import { shardUrls } from '../projections/shard-map.ts'
import { readShardMap } from '../projections/shard-map-stream.ts'
import { CommandFailure, columns, type Outcome } from './outcome.ts'
import { commandConfig, requireServices, withEventStore } from './services.ts'

/** Digests the read models of every shard: two logs with the same events give the same. @throws CommandFailure 3 */
export const digest = async (log: Logger): Promise<Outcome> => {
  const { databases: servers, eventStore } = await requireServices(commandConfig(), ['databases', 'eventStore'])
  const map = await withEventStore(eventStore, log, readShardMap)
  if (!map) throw new CommandFailure(3, 'the log has no shard map: no projector has started on it yet')
  const databases = shardUrls(map, servers)
  const pools = databases.map((url) => createPool(url, { name: 'digest', log }))
  try {
    const document = await digestShards(pools)
    const rows = document.shards.map((shard) => [String(shard.shard), shard.position, String(shard.rows), shard.digest])
    const table = columns([['shard', 'position', 'rows', 'digest'], ...rows, ['all', document.position, '', document.digest]])
    return { code: 0, document, table }
  } catch (error) {
    throw new CommandFailure(3, `the read models could not be read: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    await Promise.all(pools.map((pool) => pool.end()))
  }
}
