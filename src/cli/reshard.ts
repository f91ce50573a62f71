import { ensureLogId } from '../events/log-identity.ts'
import { systemClock } from '../platform/clock.ts'
import { systemIds } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { abandon, type ReshardDeps, reshard } from '../projections/reshard/reshard.ts'
import { CommandFailure, columns, type Outcome } from './outcome.ts'
import { commandConfig, requireServices, withEventStore } from './services.ts'

export interface ReshardFlags {
  readonly to?: string
  readonly abandon?: boolean
}

/** More shards than slices could share evenly are of no use. */
const MOST_SHARDS = 64

/** Moves the read models to another number of shards while the product runs; exit 1 when the new ones differ. @throws CommandFailure 2, 3 */
export const reshardCommand = async (flags: ReshardFlags, log: Logger): Promise<Outcome> => {
  const to = Number(flags.to)
  if ((flags.to === undefined) === (flags.abandon !== true)) throw new CommandFailure(2, 'give either --to N or --abandon')
  if (flags.to !== undefined && !(Number.isInteger(to) && to >= 1 && to <= MOST_SHARDS))
    throw new CommandFailure(2, `--to must be a whole number from 1 to ${MOST_SHARDS}`)
  const { databases: servers, eventStore } = await requireServices(commandConfig(), ['databases', 'eventStore'])
  return withEventStore(eventStore, log, async (store) => {
    const deps: ReshardDeps = {
      store,
      logId: await ensureLogId(store, systemIds),
      servers,
      clock: systemClock,
      ids: systemIds,
      log,
      signal: new AbortController().signal,
      onStep: (step) => void process.stderr.write(`reshard: ${step}\n`),
    }
    if (flags.abandon) {
      await abandon(deps).catch(refused)
      return { code: 0, document: { abandoned: true }, table: 'given up' }
    }
    const document = await reshard(deps, to).catch(refused)
    const { version, shards, events, seconds, equal, digestAfter } = document
    const row = [String(version), String(shards), String(events), String(seconds), String(equal), digestAfter]
    return { code: equal ? 0 : 1, document, table: columns([['map', 'shards', 'events', 'seconds', 'equal', 'digest'], row]) }
  })
}

const refused = (error: unknown): never => {
  throw new CommandFailure(3, error instanceof Error ? error.message : String(error))
}
