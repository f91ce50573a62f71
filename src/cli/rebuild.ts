import { ensureLogId } from '../events/log-identity.ts'
import { systemClock } from '../platform/clock.ts'
import { systemIds } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { createPool } from '../platform/postgres.ts'
import { rebuild, rebuildable } from '../projections/rebuild/rebuild.ts'
import { shardUrls } from '../projections/shard-map.ts'
import { readShardMap } from '../projections/shard-map-stream.ts'
import { CommandFailure, columns, type Outcome } from './outcome.ts'
import { commandConfig, requireServices, withEventStore } from './services.ts'

/** Rebuilds a read model on every shard while the product runs; exit 1 when rows were not as the log tells them. @throws CommandFailure 2, 3 */
export const rebuildCommand = async (name: string, log: Logger): Promise<Outcome> => {
  if (!rebuildable().includes(name)) throw new CommandFailure(2, `${name} is none of ${rebuildable().join(', ')}`)
  const { databases: servers, eventStore } = await requireServices(commandConfig(), ['databases', 'eventStore'])
  return withEventStore(eventStore, log, async (store) => {
    const map = await readShardMap(store)
    if (!map) throw new CommandFailure(3, 'the log has no shard map: no projector has started on it yet')
    const databases = shardUrls(map, servers).map((url) => ({ url, pool: createPool(url, { name: 'rebuild', log, max: 3 }) }))
    try {
      const signal = new AbortController().signal
      const document = await rebuild(
        { store, logId: await ensureLogId(store, systemIds), map, databases, clock: systemClock, log, signal },
        name,
      )
      const { events, seconds, equal, rowsChanged, digestAfter } = document
      const row = [String(events), String(seconds), String(equal), String(rowsChanged), digestAfter]
      return { code: equal ? 0 : 1, document, table: columns([['events', 'seconds', 'equal', 'rows changed', 'digest'], row]) }
    } finally {
      await Promise.all(databases.map(({ pool }) => pool.end()))
    }
  })
}
