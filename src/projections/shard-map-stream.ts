import { decodeEvent } from '../events/decode.ts'
import { referenceEvent } from '../events/log-identity.ts'
import type { ReferenceEvent } from '../events/reference/reference-event.ts'
import type { EventStore } from '../events/store/event-store.ts'
import { SHARD_MAP_STREAM } from '../events/streams.ts'
import type { Clock } from '../platform/clock.ts'
import { assignSlices, type ShardMap, shardUrls } from './shard-map.ts'

/** The log's shard maps, as their stream tells them. */
export interface ShardMaps {
  /** In force: readers move to it as soon as they hear of it. */
  readonly current: ShardMap
  /** Being built. */
  readonly next: ShardMap | undefined
  /** In force until the last cut-over, and projected until every reader has left it. */
  readonly leaving: ShardMap | undefined
  /** Retired or abandoned: their rows may still be there. */
  readonly gone: readonly ShardMap[]
  /** Of the newest event of the stream. */
  readonly revision: bigint
  /** What the newest cut-over was proven by. */
  readonly digest: string | undefined
}

/** Undefined before the log's first map. */
export const readShardMaps = async (store: EventStore): Promise<ShardMaps | undefined> => {
  let maps: ShardMaps | undefined
  for await (const event of store.readStream(SHARD_MAP_STREAM)) maps = evolve(maps, decodeEvent(event) as ReferenceEvent, event.revision)
  return maps
}

const evolve = (maps: ShardMaps | undefined, event: ReferenceEvent, revision: bigint): ShardMaps | undefined => {
  if (event.type === 'ShardMapDefined')
    return { current: event.data, next: undefined, leaving: maps?.current, gone: maps?.gone ?? [], revision, digest: undefined }
  if (!maps) return maps
  const { current, next, leaving, gone } = maps
  switch (event.type) {
    case 'ShardMapPrepared':
      return { ...maps, next: event.data, revision }
    case 'ShardMapCutOver':
      return { ...maps, current: next ?? current, next: undefined, leaving: current, digest: event.data.digest, revision }
    case 'ShardMapRetired':
      return { ...maps, leaving: undefined, gone: leaving ? [...gone, leaving] : gone, revision }
    case 'ShardMapAbandoned':
      return { ...maps, next: undefined, gone: next ? [...gone, next] : gone, revision }
    default:
      return maps
  }
}

/** The map in force; undefined before the first. */
export const readShardMap = async (store: EventStore): Promise<ShardMap | undefined> => (await readShardMaps(store))?.current

/**
 * The log's maps; a log without one gets its first for this many databases (NoStream: one process wins).
 * @throws when the map in force lies on more servers than there are databases
 */
export const ensureShardMaps = async (store: EventStore, clock: Clock, servers: readonly string[]): Promise<ShardMaps> => {
  let maps = await readShardMaps(store)
  if (!maps) {
    const first: ShardMap = { version: 1, shards: servers.length, assignment: assignSlices(servers.length) }
    await store.append(SHARD_MAP_STREAM, 'no_stream', [
      referenceEvent(`shardmap-1-${servers.length}`, 'ShardMapDefined', first, 'system', clock.now()),
    ])
    maps = await readShardMaps(store)
  }
  if (!maps) throw new Error('the shard map could not be stored: the event store gave no definite answer')
  shardUrls(maps.current, servers)
  return maps
}

type MapStep = Extract<ReferenceEvent, { type: 'ShardMapPrepared' | 'ShardMapCutOver' | 'ShardMapRetired' | 'ShardMapAbandoned' }>

/** Appends the next step of a reshard right after what is known. @throws when another has changed the maps meanwhile, or no answer came */
export const recordMapStep = async (store: EventStore, clock: Clock, known: ShardMaps, { type, data }: MapStep): Promise<ShardMaps> => {
  const event = referenceEvent(`shardmap-${data.version}-${known.revision}`, type, data, 'reshard', clock.now())
  const outcome = await store.append(SHARD_MAP_STREAM, known.revision, [event])
  if (outcome.kind === 'conflict') throw new Error('another reshard has changed the shard map')
  const maps = await readShardMaps(store)
  if (!maps || maps.revision <= known.revision)
    throw new Error('the shard map could not be changed: the event store gave no definite answer')
  return maps
}

/** A change is heard of this late: reshards take longer, and an idle process costs one small read a second. */
const LOOK_MS = 1_000

/** Tells of every change of the log's maps until the signal aborts; the listener's fault is tried again. */
export const watchShardMaps = async (
  { store, clock, signal }: { readonly store: EventStore; readonly clock: Clock; readonly signal: AbortSignal },
  known: ShardMaps,
  onMaps: (maps: ShardMaps) => Promise<void>,
): Promise<void> => {
  let seen = known.revision
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal).catch(() => undefined)
    if (signal.aborted) return
    try {
      const newest = await newestRevision(store)
      if (newest === undefined || newest <= seen) continue
      const maps = await readShardMaps(store)
      if (!maps) continue
      await onMaps(maps)
      seen = maps.revision
    } catch {
      // the store is away, or the new map's databases are: both are told by health, and the next look tries again
    }
  }
}

const newestRevision = async (store: EventStore): Promise<bigint | undefined> => {
  for await (const event of store.readBackwards(SHARD_MAP_STREAM, 1)) return event.revision
  return undefined
}
