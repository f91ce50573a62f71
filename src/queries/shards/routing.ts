import type { ShardMap } from '../../projections/shard-map.ts'
import { later } from './shard-cache.ts'
import type { OpenShards, Shard } from './shards.ts'

/** Which shards this process reads: those of one map at a time, and how it gets to the next map without an answer that is wrong or missing. */
export interface ShardRouting {
  readonly map: () => ShardMap
  /** Those that requests use from now on. */
  readonly shards: () => readonly Shard[]
  /** Also those of a map that is coming or going. */
  readonly open: () => readonly Shard[]
  /** Runs a request: the shards that were in use when it began stay until it has ended. `then` is given its answer and the version of their map. */
  use<T>(request: () => Promise<T>, then?: (answer: T, version: number) => T | Promise<T>): Promise<T>
  /**
   * Moves to a map: opens its shards, waits until they have come as far as every answer given so far, uses them, and resolves when no request
   * uses the old ones any more. @throws the signal's reason, or when a database is away
   */
  moveTo(map: ShardMap, signal: AbortSignal): Promise<void>
  /** Resolves when requests use a newer map than this one. */
  leaves(version: number): Promise<void>
  /** Closes the shards of maps that are not in use. */
  closeOld(): Promise<void>
  close(): Promise<void>
}

export interface RoutingDeps {
  readonly first: ShardMap
  readonly openMap: (map: ShardMap) => Promise<OpenShards>
  /** Resolves when the shard has processed everything up to the position. @throws when it does not come */
  readonly reaches: (shard: Shard, position: bigint, signal: AbortSignal) => Promise<void>
}

interface InUse extends OpenShards {
  readonly map: ShardMap
  users: number
  /** Called when the last user has gone. */
  idle: () => void
  /** Resolves when a newer map is in use. */
  readonly left: Promise<void>
  readonly leave: () => void
}

export const createShardRouting = async ({ first, openMap, reaches }: RoutingDeps): Promise<ShardRouting> => {
  const opened = async (map: ShardMap): Promise<InUse> => {
    let leave = (): void => undefined
    const left = new Promise<void>((resolve) => (leave = resolve))
    return { ...(await openMap(map)), map, users: 0, idle: () => undefined, left, leave }
  }
  let current = await opened(first)
  current.serve()
  let coming: InUse | undefined
  let old: InUse[] = []

  return {
    map: () => current.map,
    shards: () => current.shards,
    open: () => [current, ...(coming ? [coming] : []), ...old].flatMap(({ shards }) => shards),
    use: async (request, then = (answer) => answer) => {
      const used = current
      used.users++
      let answer: Awaited<ReturnType<typeof request>>
      try {
        answer = await request()
      } finally {
        used.users--
        if (used.users === 0) used.idle()
      }
      return then(answer, used.map.version)
    },
    moveTo: async (map, signal) => {
      if (current.map.version !== map.version) {
        if (coming && coming.map.version !== map.version) {
          await coming.close()
          coming = undefined
        }
        coming ??= await opened(map)
        const next = coming
        // twice: what was answered while the new shards came as far as the first answer is a moment's work
        for (let round = 0; round < 2; round++) {
          const told = current.shards.map(({ progress }) => progress.known()).reduce(later)
          await Promise.all(next.shards.map((shard) => reaches(shard, told, signal)))
        }
        old = [...old, current]
        next.serve()
        const before = current
        current = next
        coming = undefined
        before.leave()
      }
      await Promise.all(old.map((left) => (left.users === 0 ? undefined : new Promise<void>((resolve) => (left.idle = resolve)))))
    },
    leaves: (version) => (current.map.version > version ? Promise.resolve() : current.left),
    closeOld: async () => {
      const left = old
      old = []
      await Promise.all(left.map((one) => one.close()))
    },
    close: async () => {
      await Promise.all([current, ...(coming ? [coming] : []), ...old].map((one) => one.close()))
    },
  }
}
