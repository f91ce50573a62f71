import { join } from 'node:path'
import type { Config } from './config.ts'
import { readJson } from './private-json.ts'
import { readRunFile } from './runfile.ts'

/** Where the services are: given by URL, or embedded parts of a running product on the same data folder. */
export interface ServiceUrls {
  readonly eventStore: string | undefined
  readonly databases: readonly string[] | undefined
  readonly redis: string | undefined
  readonly rpc: readonly string[] | undefined
  readonly venue: string | undefined
}

/** Kept beside the run files, readable by the owner alone: addresses that carry a password or that one port does not tell. */
export interface EmbeddedAddresses {
  readonly databases?: readonly string[]
  readonly rpc?: readonly string[]
}

export const addressesFile = (dataDir: string): string => join(dataDir, 'addresses.json')

/** Finds the services for a process that starts none itself: the CLI, a single role. An absent one stays undefined. */
export const findServices = async (config: Config): Promise<ServiceUrls> => {
  const { dataDir } = config
  const addresses = ((await readJson(addressesFile(dataDir))) ?? {}) as EmbeddedAddresses
  const run = (part: string) => readRunFile(dataDir, part)
  const [eventstore, postgres, redis, solana, venue] = await Promise.all(['eventstore', 'postgres', 'redis', 'solana', 'venue'].map(run))
  return {
    eventStore: config.eventStoreUrl ?? eventstore?.url,
    databases: config.databaseUrls ?? (postgres ? addresses.databases : undefined),
    redis: config.redisUrl === 'off' ? undefined : (config.redisUrl ?? redis?.url),
    rpc: config.solanaRpcUrls ?? (solana ? addresses.rpc : undefined),
    venue: config.venueUrl ?? venue?.url,
  }
}
