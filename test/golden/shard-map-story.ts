import type { EventStore } from '../../src/events/store/event-store.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { placesOf } from '../../src/projections/reshard/databases.ts'
import { assignSlices } from '../../src/projections/shard-map.ts'
import { ensureShardMaps, recordMapStep } from '../../src/projections/shard-map-stream.ts'

/** Four shards, a map for two that is given up, and one for three that comes into force. */
export const shardMaps = async (store: EventStore, clock: Clock): Promise<void> => {
  let maps = await ensureShardMaps(store, clock, ['a', 'b', 'c', 'd'])
  const servers = ['postgres://one/trading', 'postgres://two/trading']
  const prepared = (version: number, shards: number) => ({
    ...{ version, shards, assignment: [...assignSlices(shards)], databases: [...placesOf(version, shards, servers)] },
  })
  maps = await recordMapStep(store, clock, maps, { type: 'ShardMapPrepared', data: prepared(2, 2) })
  maps = await recordMapStep(store, clock, maps, { type: 'ShardMapAbandoned', data: { version: 2, reason: 'given up by hand' } })
  maps = await recordMapStep(store, clock, maps, { type: 'ShardMapPrepared', data: prepared(3, 3) })
  maps = await recordMapStep(store, clock, maps, { type: 'ShardMapCutOver', data: { version: 3, digest: 'a digest' } })
  await recordMapStep(store, clock, maps, { type: 'ShardMapRetired', data: { version: 1 } })
}
