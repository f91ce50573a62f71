import { join } from 'node:path'
import { createKey } from '../events/key-ring.ts'
import { HOUSE, ID_PATTERN } from '../events/streams.ts'
import { systemClock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { claimDataFolder } from '../platform/data-folder.ts'
import { SCOPES, type Scope } from '../platform/http/grant.ts'
import { systemIds } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { startEventStoreNode } from './eventstore-node.ts'
import { CommandFailure, type Outcome } from './outcome.ts'
import { commandConfig, liveRun, withEventStore } from './services.ts'

export interface KeysCreateFlags {
  readonly scopes: string
  readonly accounts?: string
}

/** Makes an API key and records its hash in the log, whether the product runs or not. The key itself is shown once. @throws CommandFailure */
export const keysCreate = async (flags: KeysCreateFlags, log: Logger): Promise<Outcome> => {
  const scopes = parseScopes(flags.scopes)
  const accounts = flags.accounts === undefined ? '*' : parseAccounts(flags.accounts)
  const key = `qb_${systemIds.bytes(24).toString('base64url')}`
  const keyId = await withLog(commandConfig(), log, (url) =>
    withEventStore(url, log, (store) => createKey(store, { key, scopes, accounts }, systemClock.now())),
  )
  return { code: 0, document: { keyId, key }, table: `key id  ${keyId}\nkey     ${key}\nIt is shown only now; the log keeps its hash.` }
}

/** @throws CommandFailure 2 */
export const parseScopes = (text: string): readonly Scope[] => {
  const names = listOf(text)
  const wrong = names.find((name) => !(SCOPES as readonly string[]).includes(name))
  if (wrong !== undefined || names.length === 0)
    throw new CommandFailure(2, `--scopes: "${wrong ?? ''}" is not one of ${SCOPES.join(', ')}`)
  return names as Scope[]
}

/** @throws CommandFailure 2 */
export const parseAccounts = (text: string): readonly string[] => {
  const names = listOf(text)
  const wrong = names.find((name) => !ID_PATTERN.test(name) || name === HOUSE)
  if (wrong !== undefined || names.length === 0) throw new CommandFailure(2, `--accounts: "${wrong ?? ''}" is not an account id`)
  return names
}

const listOf = (text: string): string[] => [...new Set(text.split(',').map((part) => part.trim()))].filter((part) => part !== '')

/** A product that was just started has claimed its folder but not yet said where its event store is. */
const STARTING_MS = 60_000

/** Gives `work` the log's URL: the one configured, that of the running product, or that of a node of our own for as long as it takes. */
const withLog = async <T>(config: Config, log: Logger, work: (url: string) => Promise<T>): Promise<T> => {
  if (config.eventStoreUrl) return work(config.eventStoreUrl)
  const end = systemClock.now() + STARTING_MS
  for (;;) {
    const run = await liveRun(config, 'eventstore')
    if (run) return work(run.url ?? `esdb://127.0.0.1:${run.port}?tls=false`)
    const claim = await claimDataFolder(config.dataDir)
    if (claim.ok) {
      try {
        return await withOwnNode(config, log, work)
      } finally {
        await claim.release()
      }
    }
    if (systemClock.now() > end)
      throw new CommandFailure(3, `process ${claim.heldBy} holds ${config.dataDir} but its event store does not start`)
    await systemClock.sleep(200)
  }
}

const withOwnNode = async <T>(config: Config, log: Logger, work: (url: string) => Promise<T>): Promise<T> => {
  log.info({ dataDir: config.dataDir }, 'the product is not running: starting its event store for this command')
  const db = join(config.dataDir, 'eventstore')
  const node = startEventStoreNode(['--db', db, '--node-ip', '127.0.0.1', '--node-port', '0', '--insecure'])
  try {
    const start = await node.started
    if (start.kind !== 'ready') throw new CommandFailure(3, `the event store did not start: ${start.reason}`)
    return await work(`esdb://127.0.0.1:${start.announcement.port}?tls=false`)
  } finally {
    await node.stop()
  }
}
