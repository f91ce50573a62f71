import { createHash } from 'node:crypto'
import { decodeEvent } from '../events/decode.ts'
import { referenceEvent } from '../events/log-identity.ts'
import type { EventStore } from '../events/store/event-store.ts'
import { SHARD_MAP_STREAM, SLICES, sliceOf } from '../events/streams.ts'
import type { Clock } from '../platform/clock.ts'

/** Which shard each slice lives on. */
export interface ShardMap {
  readonly version: number
  readonly shards: number
  /** Shard by slice, 1,024 entries. */
  readonly assignment: readonly number[]
}

/** Slices a shard may hold beyond its even share: 2 % keeps loads level and still leaves most slices where their hash wants them. */
const HEADROOM = 1.02

/**
 * Bounded-load rendezvous: each slice asks the shards in the order of its hashes, and a full shard keeps those whose hash is highest, so that
 * who is turned away does not depend on the order of asking. No shard holds more than ceil(1024/N × 1.02); another number of shards moves
 * little more than it must (8 → 9: 11.8 %, at least 11.1 %).
 */
export const assignSlices = (shards: number): readonly number[] => {
  const capacity = Math.ceil((SLICES / shards) * HEADROOM)
  const weights = Array.from({ length: SLICES }, (_, slice) => Array.from({ length: shards }, (_, shard) => weightOf(shard, slice)))
  const wishes = weights.map((row) => row.map((weight, shard) => ({ weight, shard })).sort((a, b) => a.weight - b.weight))
  const kept = Array.from({ length: shards }, (): number[] => [])
  const assignment = new Array<number>(SLICES)
  const seeking = Array.from({ length: SLICES }, (_, slice) => slice)
  for (let slice = seeking.pop(); slice !== undefined; slice = seeking.pop()) {
    const { shard } = wishes[slice]!.pop()!
    const rivals = kept[shard]!
    rivals.push(slice)
    assignment[slice] = shard
    if (rivals.length <= capacity) continue
    const weakest = rivals.reduce((least, one) => (weights[one]![shard]! < weights[least]![shard]! ? one : least))
    rivals.splice(rivals.indexOf(weakest), 1)
    seeking.push(weakest)
  }
  return assignment
}

const weightOf = (shard: number, slice: number): number => createHash('sha256').update(`${shard}/${slice}`).digest().readUIntBE(0, 6)

export const shardOf = (map: ShardMap, accountId: string): number => map.assignment[sliceOf(accountId)]!

export const slicesOf = (map: ShardMap, shards: ReadonlySet<number>): readonly number[] =>
  map.assignment.flatMap((shard, slice) => (shards.has(shard) ? [slice] : []))

/** The newest map of the log; undefined before the first. */
export const readShardMap = async (store: EventStore): Promise<ShardMap | undefined> => {
  for await (const event of store.readBackwards(SHARD_MAP_STREAM, 1)) {
    const decoded = decodeEvent(event)
    if (decoded.type === 'ShardMapDefined') return decoded.data
  }
  return undefined
}

/**
 * The map in force; a log without one gets its first for this many databases (NoStream: one process wins).
 * @throws when the map names another number of shards than there are databases
 */
export const ensureShardMap = async (store: EventStore, clock: Clock, databases: number): Promise<ShardMap> => {
  let map = await readShardMap(store)
  if (!map) {
    const first: ShardMap = { version: 1, shards: databases, assignment: assignSlices(databases) }
    await store.append(SHARD_MAP_STREAM, 'no_stream', [
      referenceEvent(`shardmap-1-${databases}`, 'ShardMapDefined', first, 'system', clock.now()),
    ])
    map = await readShardMap(store)
  }
  if (!map) throw new Error('the shard map could not be stored: the event store gave no definite answer')
  if (map.shards !== databases)
    throw new Error(`the log's shard map (version ${map.version}) is for ${map.shards} databases, DATABASE_URLS names ${databases}`)
  return map
}
