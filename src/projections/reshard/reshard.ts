import type { EventStore } from '../../events/store/event-store.ts'
import { type Clock, monotonicMs } from '../../platform/clock.ts'
import type { Ids } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import { createRegistry } from '../../platform/metrics.ts'
import { createPool, faultOf, isTransient, type Pool } from '../../platform/postgres.ts'
import { projectionMetrics } from '../metrics.ts'
import { assignSlices, type ShardMap, shardUrls } from '../shard-map.ts'
import { readShardMaps, recordMapStep, type ShardMaps } from '../shard-map-stream.ts'
import { projectMap, type ShardSet } from '../shard-set.ts'
import { type Comparison, compareMaps } from './compare.ts'
import { createDatabases, placesOf, removeMap } from './databases.ts'
import { lowestOf, projectorsOf, readersLeft } from './waiting.ts'

export interface ReshardDeps {
  readonly store: EventStore
  readonly logId: string
  /** What DATABASE_URLS names, in its order. */
  readonly servers: readonly string[]
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly signal: AbortSignal
  /** Told before each step; a step that waits tells for whom. */
  readonly onStep: (step: string) => void
}

export interface Resharded {
  /** Of the map in force now. */
  readonly version: number
  readonly shards: number
  /** Events replayed into the new shards by this run. */
  readonly events: number
  readonly seconds: number
  readonly digestBefore: string
  readonly digestAfter: string
  readonly equal: boolean
  /** Accounts whose rows differ, if any: then the new map was given up. */
  readonly different: readonly string[]
}

const LOOK_MS = 100
const RETRY_MS = 500
/** Nobody waits for the hashes of an account but the comparison, and one account may have a million rows. */
const STATEMENT_MS = 300_000

/**
 * Moves the read models to another number of shards while they are read and written: builds the new map's databases by replay, compares every
 * account, cuts over, waits until every living reader has left the old map, and removes that. Each step is an event of the shard map's stream:
 * after a kill the same call goes on from the last one. @throws when another reshard is under way, or a service is away
 */
export const reshard = async (deps: ReshardDeps, to: number): Promise<Resharded> => {
  const { store, servers, log, onStep } = deps
  const began = monotonicMs()
  let maps = await known(store)
  if (maps.next && maps.next.shards !== to)
    throw new Error(`a reshard to ${maps.next.shards} shards is under way: finish it, or give it up (--abandon)`)
  const registry = createRegistry('reshard')
  const metrics = projectionMetrics(registry)
  let building: ShardSet | undefined
  let compared: Comparison | undefined
  try {
    if (!maps.leaving && maps.current.shards !== to) {
      if (!maps.next) maps = await prepare(deps, maps, to)
      onStep(`building map ${maps.next!.version} beside map ${maps.current.version}`)
      const urls = shardUrls(maps.next!, servers)
      await createDatabases(maps.next!, servers)
      const set = { ...deps, owner: `reshard-${deps.ids.uuid()}`, publish: () => undefined, metrics }
      const next = maps.next!
      building = await patiently(deps, () => projectMap(set, next, urls))
      compared = await withPools(shardUrls(maps.current, servers), log, (before) =>
        withPools(urls, log, async (after) => {
          await caughtUp(deps, before, after)
          onStep('comparing')
          return patiently(deps, () => compareMaps({ ...deps, before, after }))
        }),
      )
      if (compared.before !== compared.after) {
        onStep('the maps differ: giving the new one up')
        await building.close()
        building = undefined
        await giveUp(deps, maps, 'it differs from the one in force')
        return { ...outcome(maps.current, compared), events: await applied(registry), seconds: secondsSince(began) }
      }
      onStep('cutting over')
      const data = { version: maps.next!.version, digest: compared.after }
      maps = await recordMapStep(store, deps.clock, maps, { type: 'ShardMapCutOver', data })
    }
    if (maps.leaving) maps = await leave(deps, maps, maps.leaving)
  } finally {
    await building?.close()
  }
  await removeGone(deps, maps)
  onStep('done')
  const digest = maps.digest ?? ''
  const proven = compared ?? { before: digest, after: digest, different: [] }
  return { ...outcome(maps.current, proven), events: await applied(registry), seconds: secondsSince(began) }
}

/** Gives a map up that is being built; what was built of it is removed. @throws when none is being built */
export const abandon = async (deps: ReshardDeps): Promise<void> => {
  const maps = await known(deps.store)
  if (!maps.next) throw new Error('no reshard is under way that could be given up')
  await giveUp(deps, maps, 'given up by hand')
}

const giveUp = async (deps: ReshardDeps, maps: ShardMaps, reason: string): Promise<void> => {
  const data = { version: maps.next!.version, reason }
  await removeGone(deps, await recordMapStep(deps.store, deps.clock, maps, { type: 'ShardMapAbandoned', data }))
}

const known = async (store: EventStore): Promise<ShardMaps> => {
  const maps = await readShardMaps(store)
  if (!maps) throw new Error('the log has no shard map: no projector has started on it yet')
  return maps
}

const prepare = (deps: ReshardDeps, maps: ShardMaps, to: number): Promise<ShardMaps> => {
  const version = 1 + Math.max(maps.current.version, ...maps.gone.map((map) => map.version))
  const data = { version, shards: to, assignment: [...assignSlices(to)], databases: [...placesOf(version, to, deps.servers)] }
  return recordMapStep(deps.store, deps.clock, maps, { type: 'ShardMapPrepared', data })
}

/** Until the new shards have come as far as the old ones stand. */
const caughtUp = (deps: ReshardDeps, before: readonly Pool[], after: readonly Pool[]): Promise<void> =>
  until(deps, async () => {
    const [old, young] = await Promise.all([lowestOf(before), lowestOf(after)])
    return young >= old
  })

/** Waits for readers to move, for projectors to take the new shards, and for the old ones to be let go. */
const leave = (deps: ReshardDeps, maps: ShardMaps, old: ShardMap): Promise<ShardMaps> => {
  const { store, servers, clock, log, onStep } = deps
  return withPools(shardUrls(old, servers), log, (before) =>
    withPools(shardUrls(maps.current, servers), log, async (after) => {
      onStep('waiting for readers')
      const none = (left: readonly string[]): boolean => left.length === 0
      await withPools(servers.slice(0, 1), log, ([first]) => until(deps, async () => none(await readersLeft(first!, maps.current.version))))
      onStep('waiting for projectors')
      await until(deps, async () => {
        const [old, young] = await Promise.all([projectorsOf(before), projectorsOf(after)])
        return [...old].every((owner) => young.has(owner))
      })
      onStep(`retiring map ${old.version}`)
      const retired = await recordMapStep(store, clock, maps, { type: 'ShardMapRetired', data: { version: old.version } })
      onStep('waiting for the old shards to be let go')
      await until(deps, async () => (await projectorsOf(before)).size === 0)
      return retired
    }),
  )
}

const until = async (deps: ReshardDeps, done: () => Promise<boolean>): Promise<void> => {
  while (!(await patiently(deps, done))) await deps.clock.sleep(LOOK_MS, deps.signal)
}

/** Tries again while a database is away or too busy: the product waits for it too. */
const patiently = async <T>({ clock, signal, log }: ReshardDeps, work: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isTransient(error)) throw error
      log.warn({ detail: faultOf(error) }, 'the reshard waits for a database')
      await clock.sleep(RETRY_MS, signal)
    }
  }
}

const removeGone = async (deps: ReshardDeps, maps: ShardMaps): Promise<void> => {
  const { servers, log, onStep } = deps
  for (const map of maps.gone) {
    onStep(`removing map ${map.version}`)
    await patiently(deps, () => removeMap(map, servers, (url) => createPool(url, { name: 'reshard', log, max: 1 })))
  }
}

const withPools = async <T>(urls: readonly string[], log: Logger, work: (pools: readonly Pool[]) => Promise<T>): Promise<T> => {
  const pools = urls.map((url) => createPool(url, { name: 'reshard', log, max: 2, statementMs: STATEMENT_MS }))
  try {
    return await work(pools)
  } finally {
    await Promise.all(pools.map((pool) => pool.end()))
  }
}

const outcome = ({ version, shards }: ShardMap, { before, after, different }: Pick<Comparison, 'before' | 'after' | 'different'>) => ({
  version,
  shards,
  digestBefore: before,
  digestAfter: after,
  equal: before === after,
  different,
})

const applied = async (registry: ReturnType<typeof createRegistry>): Promise<number> => {
  const metric = await registry.getSingleMetric('quantbot_projection_events_total')!.get()
  return metric.values.reduce((sum, { value }) => sum + value, 0)
}

const secondsSince = (began: number): number => Math.round(monotonicMs() - began) / 1000
