import type { EventStore } from '../events/store/event-store.ts'
import { connectEventStore } from '../events/store/eventstore-db.ts'
import { systemClock } from '../platform/clock.ts'
import { type Config, readConfig } from '../platform/config.ts'
import type { Logger } from '../platform/log.ts'
import { isAlive } from '../platform/process-identity.ts'
import { type KnownRun, readRunFile } from '../platform/runfile.ts'
import { findServices, type ServiceUrls } from '../platform/service-urls.ts'
import { CommandFailure } from './outcome.ts'

/** The environment as every command reads it. @throws CommandFailure 2 */
export const commandConfig = (env: NodeJS.ProcessEnv = process.env): Config => {
  // no command signs, so none needs what settlement needs
  const read = readConfig(['--role', 'queries'], env)
  if (!read.ok) throw new CommandFailure(2, read.message)
  return read.config
}

/** The run file of a part or role whose process lives; one that a killed process left behind counts as absent. */
export const liveRun = async (config: Config, name: string): Promise<KnownRun | undefined> => {
  const run = await readRunFile(config.dataDir, name)
  if (!run) return undefined
  return run.identity === undefined || isAlive(run.pid, run.identity) ? run : undefined
}

/** What a command needs of the services, each given by URL or found beside a running product. @throws CommandFailure 3 naming what is missing */
export const requireServices = async <Name extends keyof ServiceUrls>(
  config: Config,
  names: readonly Name[],
): Promise<{ readonly [N in Name]: NonNullable<ServiceUrls[N]> }> => {
  const found = await findServices(config)
  const missing = names.filter((name) => found[name] === undefined)
  if (missing.length > 0) {
    const wanted = missing.map((name) => URL_OF[name]).join(', ')
    throw new CommandFailure(3, `no running product on ${config.dataDir}: start it (npm start) or give ${wanted}`)
  }
  return found as { readonly [N in Name]: NonNullable<ServiceUrls[N]> }
}

const URL_OF: Readonly<Record<keyof ServiceUrls, string>> = {
  eventStore: 'EVENTSTORE_URL',
  databases: 'DATABASE_URLS',
  redis: 'REDIS_URL',
  rpc: 'SOLANA_RPC_URLS',
  venue: 'VENUE_URL',
}

/** A command should not hang where a server is gone. */
const CONNECT_MS = 5_000

/** Runs `work` on an open store and closes it. @throws CommandFailure 3 when the store does not answer */
export const withEventStore = async <T>(url: string, log: Logger, work: (store: EventStore) => Promise<T>): Promise<T> => {
  const store = await connectEventStore({ url, log, clock: systemClock }, CONNECT_MS).catch((error: unknown) => {
    throw new CommandFailure(3, error instanceof Error ? error.message : String(error))
  })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
