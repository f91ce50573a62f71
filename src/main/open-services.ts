import { mkdir } from 'node:fs/promises'
import { type Config, ROLES } from '../platform/config.ts'
import { claimDataFolder } from '../platform/data-folder.ts'
import type { Ids } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { findServices } from '../platform/service-urls.ts'
import type { PartState } from '../platform/supervisor.ts'
import { keystorePassword } from './keystore-password.ts'
import { type PartReport, startParts } from './parts.ts'

/** The services a process works on, wherever they come from. */
export interface Services {
  readonly eventStore: string
  readonly databases: readonly string[]
  readonly redis: string | undefined
  readonly rpc: readonly string[]
  readonly venue: string
  readonly faucetKeyFile: string | undefined
  /** Undefined in a process that never signs. */
  readonly keystorePassword: string | undefined
}

export interface Opened {
  readonly services: Services
  readonly reports: readonly PartReport[]
  states(): ReadonlyMap<string, PartState>
  close(): Promise<void>
}

interface Deps {
  readonly log: Logger
  readonly ids: Ids
  readonly say: (line: string) => void
}

/** All roles in one process start the missing services as embedded parts; a single role takes them from URLs or from a product that runs on the same folder. */
export const openServices = async (config: Config, deps: Deps): Promise<Opened | { readonly refused: string }> =>
  config.roles.size === ROLES.length ? startAll(config, deps) : findAll(config, deps)

const startAll = async (config: Config, { log, ids, say }: Deps): Promise<Opened | { readonly refused: string }> => {
  const claim = await claimDataFolder(config.dataDir)
  if (!claim.ok) return { refused: `QUANTBOT_DATA: ${config.dataDir} is in use by process ${claim.heldBy}` }
  if (claim.stopped.length > 0) say(`stopped what a killed predecessor left behind: ${claim.stopped.join(', ')}`)
  try {
    const password = await keystorePassword(config, ids, say)
    const parts = await startParts(config, log, say)
    const close = async (): Promise<void> => {
      await parts.stop()
      await claim.release()
    }
    return { services: { ...required(parts.services), keystorePassword: password }, reports: parts.reports, states: parts.states, close }
  } catch (error) {
    await claim.release()
    throw error
  }
}

const findAll = async (config: Config, { ids, say }: Deps): Promise<Opened | { readonly refused: string }> => {
  const found = await findServices(config)
  const needs: readonly (readonly [string, string, unknown, boolean])[] = [
    ['EVENTSTORE_URL', 'eventstore', found.eventStore, true],
    [
      'DATABASE_URLS',
      'postgres',
      found.databases,
      config.roles.has('projector') || config.roles.has('queries') || config.roles.has('settlement'),
    ],
    ['SOLANA_RPC_URLS', 'solana', found.rpc, config.roles.has('settlement')],
    ['VENUE_URL', 'venue', found.venue, config.roles.has('settlement') || config.roles.has('commands')],
  ]
  const missing = needs.find(([, , value, needed]) => needed && value === undefined)
  if (missing) return { refused: `${missing[0]}: required for --role ${config.roleName} (no product runs on ${config.dataDir})` }
  await mkdir(config.dataDir, { recursive: true })
  const password = config.roles.has('settlement') ? await keystorePassword(config, ids, say) : undefined
  return {
    services: { ...required(found), faucetKeyFile: config.faucetKeyFile, keystorePassword: password },
    reports: needs.filter(([, , value]) => value !== undefined).map(([, part]) => ({ part, kind: 'real' as const, detail: '' })),
    states: () => new Map(),
    close: async () => undefined,
  }
}

/** Lists what is there; a role never touches a service it does not need, so an absent one may stay empty. */
const required = <F extends { readonly faucetKeyFile?: string | undefined }>(
  found: F & Awaited<ReturnType<typeof findServices>>,
): Omit<Services, 'keystorePassword'> => ({
  eventStore: found.eventStore ?? '',
  databases: found.databases ?? [],
  redis: found.redis,
  rpc: found.rpc ?? [],
  venue: found.venue ?? '',
  faucetKeyFile: found.faucetKeyFile,
})
