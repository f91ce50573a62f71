import { createHash } from 'node:crypto'
import type { ShardPlace } from '../events/reference/shard-map-events.ts'
import { SLICES, sliceOf } from '../events/streams.ts'

/** Which shard each slice lives on. */
export interface ShardMap {
  readonly version: number
  readonly shards: number
  /** Shard by slice, 1,024 entries. */
  readonly assignment: readonly number[]
  /** Where the shards lie; undefined for the first map, whose shards are the databases of DATABASE_URLS themselves. */
  readonly databases?: readonly ShardPlace[]
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

/** The databases of a map's shards, in shard order. @throws when fewer servers are named than the map lies on */
export const shardUrls = ({ version, shards, databases }: ShardMap, servers: readonly string[]): readonly string[] => {
  const needed = databases ? 1 + Math.max(...databases.map(({ server }) => server)) : shards
  if (needed > servers.length)
    throw new Error(`the log's shard map (version ${version}) is for ${needed} databases, DATABASE_URLS names ${servers.length}`)
  return databases ? databases.map(({ server, name }) => withDatabase(servers[server]!, name)) : servers.slice(0, shards)
}

/** The same for replicas, which hold all databases of their server. */
export const replicaUrls = ({ shards, databases }: ShardMap, replicas: readonly (readonly string[])[]): readonly (readonly string[])[] =>
  databases
    ? databases.map(({ server, name }) => (replicas[server] ?? []).map((url) => withDatabase(url, name)))
    : replicas.slice(0, shards)

const withDatabase = (url: string, name: string): string => {
  const own = new URL(url)
  own.pathname = `/${name}`
  return own.href
}
