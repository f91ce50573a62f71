import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Context } from 'mocha'
import pg from 'pg'
import { claimDataFolder } from '../../src/platform/data-folder.ts'
import { createLog } from '../../src/platform/log.ts'
import { type PartAnnouncement, type PartSpec, type Supervisor, superviseParts } from '../../src/platform/supervisor.ts'
import { skipBecause } from './skip.ts'

// Services that the whole run shares. Each is started when it is first asked for, and all are stopped by hooks.ts. A URL in the
// environment (EVENTSTORE_URL, DATABASE_URLS, REDIS_URL, SOLANA_RPC_URLS, VENUE_URL) puts the real service in an embedded one's place.

/** The event store's URL. All tests of a run share one log: use stream names of your own. */
export const eventStoreUrl = async (): Promise<string> => {
  if (process.env.EVENTSTORE_URL) return process.env.EVENTSTORE_URL
  const { port, url } = await part('eventstore')
  return url ?? `esdb://127.0.0.1:${port}?tls=false`
}

/** URLs of `count` new, empty databases on one server; dropped with it, or one by one on a real server. */
export const databaseUrls = async (count: number): Promise<string[]> => {
  const given = process.env.DATABASE_URLS?.split(',')
  const servers = given ?? (await part('postgres')).urls ?? []
  return Promise.all(Array.from({ length: count }, (_, n) => freshDatabase(servers[n % servers.length]!, given !== undefined)))
}

/** The Redis server's URL; undefined where none can be had (redisAbsence tells why). Use keys of your own. */
export const redisUrl = async (): Promise<string | undefined> => {
  const given = process.env.REDIS_URL
  if (given === 'off') absence = 'REDIS_URL is "off"'
  else if (given) return given
  else {
    const outcome = await started('redis')
    if (outcome.ok) return outcome.announcement.url
    absence = outcome.reason
  }
  return undefined
}

/** The Redis server's URL; skips the test, visibly, where none can be had. */
export const redisUrlOrSkip = async (context: Context): Promise<string> =>
  (await redisUrl()) ?? skipBecause(context, `Redis: ${redisAbsence()}`)

/** Why redisUrl gave undefined. */
export const redisAbsence = (): string => absence

/** The local chain: its RPC URLs, and its folder (pools.json, faucet.json). */
export const solana = async (): Promise<{ readonly urls: readonly string[]; readonly db: string }> => {
  const db = join(await folder(), 'solana')
  if (process.env.SOLANA_RPC_URLS) return { urls: process.env.SOLANA_RPC_URLS.split(','), db }
  const { port, ports } = await part('solana')
  return { urls: (Array.isArray(ports) ? (ports as number[]) : [port]).map((one) => `http://127.0.0.1:${one}`), db }
}

/** The swap venue in front of the chain. */
export const venueUrl = async (): Promise<string> => {
  if (process.env.VENUE_URL) return process.env.VENUE_URL
  venueChain = await solana()
  const { url, port } = await part('venue')
  return url ?? `http://127.0.0.1:${port}`
}

/** Stops everything that was started and removes the run's folder; called once, by the root hook. */
export const closeServices = async (): Promise<void> => {
  for (const drop of shared.drops) await drop()
  if (!shared.opened) return
  const { supervisor, dir } = await shared.opened
  await supervisor.stop()
  await rm(dir, { recursive: true, force: true })
}

type Name = 'eventstore' | 'postgres' | 'redis' | 'solana' | 'venue'

interface Shared {
  opened?: Promise<{ readonly supervisor: Supervisor; readonly dir: string }>
  readonly starts: Map<Name, ReturnType<Supervisor['start']>>
  readonly drops: (() => Promise<void>)[]
}

// Kept on the global object: mocha loads some files with require and some with import, each with its own copy of this module.
const SHARED = Symbol.for('quantbot.testServices')
const globals = globalThis as { [SHARED]?: Shared }
globals[SHARED] ??= { starts: new Map(), drops: [] }
const shared = globals[SHARED]

let absence = ''
let venueChain: { readonly urls: readonly string[]; readonly db: string } = { urls: [], db: '' }

// Short slots, so that finality (32 slots) comes within a second or two.
const SLOT_MS = process.env.SOLANA_SLOT_MS ?? '50'

const open = () => {
  shared.opened ??= (async () => {
    const dir = await mkdtemp(join(tmpdir(), 'quantbot-test-'))
    process.once('exit', () => rmSync(dir, { recursive: true, force: true })) // also when the run is broken off
    const claim = await claimDataFolder(dir)
    if (!claim.ok) throw new Error(`${dir} is in use by ${claim.heldBy}`)
    return { dir, supervisor: superviseParts({ dataDir: dir, log: createLog('test', process.env.QUANTBOT_LOG ?? 'error') }) }
  })()
  return shared.opened
}

const folder = async (): Promise<string> => (await open()).dir

const started = async (name: Name) => {
  const { supervisor, dir } = await open()
  let start = shared.starts.get(name)
  if (!start) {
    start = supervisor.start({ ...specs[name](dir), env: { QUANTBOT_LOG: process.env.QUANTBOT_LOG ?? 'error' } })
    shared.starts.set(name, start)
  }
  return start
}

const part = async (name: Name): Promise<PartAnnouncement> => {
  const outcome = await started(name)
  if (!outcome.ok) throw new Error(`${name}: ${outcome.reason}`)
  return outcome.announcement
}

const specs: Record<Name, (dir: string) => PartSpec> = {
  eventstore: (dir) => ({
    name: 'eventstore',
    entry: 'embedded/eventstore/main',
    args: ([port]) => ['--db', join(dir, 'eventstore'), '--node-ip', '127.0.0.1', '--node-port', String(port), '--insecure'],
  }),
  postgres: (dir) => ({
    name: 'postgres',
    entry: 'embedded/postgres/main',
    args: ([port]) => [
      ...['--db', join(dir, 'postgres'), '--port', String(port), '--databases', '1'],
      ...['--password-file', join(dir, 'postgres.password'), '--no-sync'],
    ],
  }),
  redis: () => ({ name: 'redis', entry: 'embedded/redis/main', args: ([port]) => ['--port', String(port)] }),
  solana: (dir) => ({
    name: 'solana',
    entry: 'embedded/solana/main',
    portCount: 2,
    args: (ports) => ['--db', join(dir, 'solana'), '--slot-ms', SLOT_MS, '--ports', ports.join(',')],
  }),
  venue: () => ({
    name: 'venue',
    entry: 'embedded/venue/main',
    args: ([port]) => ['--port', String(port), '--rpc', venueChain.urls.join(','), '--pools', join(venueChain.db, 'pools.json')],
  }),
}

const freshDatabase = async (server: string, dropAfterwards: boolean): Promise<string> => {
  const name = `test_${randomBytes(6).toString('hex')}`
  await onServer(server, `CREATE DATABASE ${name}`)
  if (dropAfterwards) shared.drops.push(() => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`))
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

const onServer = async (connectionString: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
