import { join } from 'node:path'
import type { Config } from '../platform/config.ts'
import type { Logger } from '../platform/log.ts'
import { writePrivateJson } from '../platform/private-json.ts'
import { addressesFile, type ServiceUrls } from '../platform/service-urls.ts'
import { type PartAnnouncement, type PartSpec, type PartState, superviseParts } from '../platform/supervisor.ts'

/** One line of the start-up report. */
export interface PartReport {
  readonly part: string
  readonly kind: 'embedded' | 'real' | 'absent'
  readonly detail: string
}

export interface Parts {
  readonly services: ServiceUrls & { readonly faucetKeyFile: string | undefined }
  readonly reports: readonly PartReport[]
  /** State of each embedded part, for readiness. */
  states(): ReadonlyMap<string, PartState>
  stop(): Promise<void>
}

/** Starts every part that no URL replaces, as child processes that are restarted when they die. @throws when a part without a substitute can't be had */
export const startParts = async (config: Config, log: Logger, progress: (line: string) => void): Promise<Parts> => {
  const { dataDir } = config
  const supervisor = superviseParts({ dataDir, log })
  const reports: PartReport[] = []

  const start = async (spec: PartSpec): Promise<PartAnnouncement | undefined> => {
    const outcome = await supervisor.start(spec)
    if (!outcome.ok) {
      reports.push({ part: spec.name, kind: 'absent', detail: outcome.reason })
      progress(`${spec.name}: not to be had here: ${outcome.reason}`)
      return undefined
    }
    reports.push({ part: spec.name, kind: 'embedded', detail: `port ${outcome.announcement.port}` })
    progress(`${spec.name}: embedded, up in ${(outcome.tookMs / 1000).toFixed(1)} s`)
    return outcome.announcement
  }
  const real = (part: string, url: string): void => {
    reports.push({ part, kind: 'real', detail: withoutPassword(url) })
  }
  const required = async (spec: PartSpec): Promise<PartAnnouncement> => {
    const announcement = await start(spec)
    if (!announcement) throw new Error(`${spec.name} can't be had on this machine and no URL was given for it`)
    return announcement
  }

  const eventStore = async (): Promise<string> => {
    if (config.eventStoreUrl) {
      real('eventstore', config.eventStoreUrl)
      return config.eventStoreUrl
    }
    const { port, url } = await required(eventStorePart(dataDir))
    return url ?? `esdb://127.0.0.1:${port}?tls=false`
  }
  const databases = async (): Promise<readonly string[]> => {
    if (config.databaseUrls) {
      real('postgres', `${config.databaseUrls.length} shards, ${config.databaseUrls[0]}`)
      return config.databaseUrls
    }
    return (await required(postgresPart(dataDir, config.embeddedShards))).urls ?? []
  }
  const redis = async (): Promise<string | undefined> => {
    if (config.redisUrl === 'off') {
      reports.push({ part: 'redis', kind: 'absent', detail: 'off: each process caches for itself' })
      return undefined
    }
    if (config.redisUrl) {
      real('redis', config.redisUrl)
      return config.redisUrl
    }
    return (await start(redisPart))?.url
  }
  /** The endpoints that the product is given: the chain's own, or hostile ports before them. */
  const sightOf = async (rpc: readonly string[]): Promise<readonly string[]> => {
    if (config.hostileSeed === undefined) return rpc
    const { urls = [] } = await required(hostilePart(rpc[0]!, config.hostileSeed, config.slotMs))
    progress(`the product sees the chain through ${urls.length} hostile ports, seed ${config.hostileSeed}`)
    return urls
  }
  const chain = async (): Promise<{ rpc: readonly string[]; venue: string; faucet: string | undefined }> => {
    const folder = join(dataDir, 'solana')
    let rpc = config.solanaRpcUrls
    if (rpc) real('solana', rpc.join(', '))
    else {
      const { port, ports } = await required(solanaPart(folder, config.slotMs))
      rpc = (Array.isArray(ports) ? (ports as number[]) : [port]).map((p) => `http://127.0.0.1:${p}`)
    }
    const faucet = config.faucetKeyFile ?? (config.solanaRpcUrls ? undefined : join(folder, 'faucet.json'))
    if (config.venueUrl) {
      real('venue', config.venueUrl)
      return { rpc: await sightOf(rpc), venue: config.venueUrl, faucet }
    }
    // the venue keeps its own sight of the chain: only the product is to be misled
    const { url, port } = await required(venuePart(rpc, join(folder, 'pools.json')))
    return { rpc: await sightOf(rpc), venue: url ?? `http://127.0.0.1:${port}`, faucet }
  }

  try {
    const [eventStoreUrl, databaseUrls, redisUrl, solana] = await Promise.all([eventStore(), databases(), redis(), chain()])
    // a role or command of its own process finds the embedded services by this file and the run files
    await writePrivateJson(addressesFile(dataDir), { databases: databaseUrls, rpc: solana.rpc })
    return {
      services: {
        eventStore: eventStoreUrl,
        databases: databaseUrls,
        redis: redisUrl,
        rpc: solana.rpc,
        venue: solana.venue,
        faucetKeyFile: solana.faucet,
      },
      reports,
      states: supervisor.states,
      stop: supervisor.stop,
    }
  } catch (error) {
    await supervisor.stop()
    throw error
  }
}

const eventStorePart = (dataDir: string): PartSpec => ({
  name: 'eventstore',
  entry: 'embedded/eventstore/main',
  args: ([port]) => ['--db', join(dataDir, 'eventstore'), '--node-ip', '127.0.0.1', '--node-port', String(port), '--insecure'],
})

const postgresPart = (dataDir: string, shards: number): PartSpec => ({
  name: 'postgres',
  entry: 'embedded/postgres/main',
  args: ([port]) => [
    ...['--db', join(dataDir, 'postgres'), '--port', String(port)],
    ...['--databases', String(shards), '--password-file', join(dataDir, 'postgres.password')],
  ],
})

const redisPart: PartSpec = { name: 'redis', entry: 'embedded/redis/main', args: ([port]) => ['--port', String(port)] }

const solanaPart = (folder: string, slotMs: number): PartSpec => ({
  name: 'solana',
  entry: 'embedded/solana/main',
  portCount: 2,
  args: (ports) => ['--db', folder, '--slot-ms', String(slotMs), '--ports', ports.join(',')],
})

const venuePart = (rpc: readonly string[], pools: string): PartSpec => ({
  name: 'venue',
  entry: 'embedded/venue/main',
  args: ([port]) => ['--port', String(port), '--rpc', rpc.join(','), '--pools', pools],
})

/** Enough for every kind of fault of its profile to have a port. */
const HOSTILE_PORTS = 5

const hostilePart = (upstream: string, seed: number, slotMs: number): PartSpec => ({
  name: 'hostile',
  entry: 'embedded/hostile/main',
  portCount: HOSTILE_PORTS + 1,
  args: ([admin, ...ports]) => [
    ...['--upstream', upstream, '--ports', ports.join(','), '--admin-port', String(admin)],
    ...['--seed', String(seed), '--slot-ms', String(slotMs)],
  ],
})

const withoutPassword = (url: string): string => url.replace(/\/\/([^:@/]*):[^@/]*@/, '//$1@')
