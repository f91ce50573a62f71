import { join } from 'node:path'
import { z } from 'zod'
import { createKey } from '../events/key-ring.ts'
import type { EventStore } from '../events/store/event-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Scope } from '../platform/http/grant.ts'
import type { Ids } from '../platform/ids.ts'
import { readJson, writePrivateJson } from '../platform/private-json.ts'

/** The four keys that a data folder starts with; each has a grant on every account. */
const FIRST_KEYS = {
  trader: ['trade', 'read'],
  analyst: ['read'],
  auditor: ['read', 'audit'],
  operator: ['read', 'audit', 'operate', 'risk:admin'],
} as const satisfies Record<string, readonly Scope[]>

const KeysFile = z.object({ trader: z.string(), analyst: z.string(), auditor: z.string(), operator: z.string() })

export const keysFile = (dataDir: string): string => join(dataDir, 'keys.json')

/** Makes keys.json (0600) on the first start and sees that each of its keys is recorded in the log. */
export const ensureKeys = async (dataDir: string, store: EventStore, ids: Ids, clock: Clock): Promise<void> => {
  const file = keysFile(dataDir)
  let keys = KeysFile.safeParse(await readJson(file)).data
  if (!keys) {
    const key = (): string => `qb_${ids.bytes(24).toString('base64url')}`
    keys = { trader: key(), analyst: key(), auditor: key(), operator: key() }
    await writePrivateJson(file, keys)
  }
  for (const [name, scopes] of Object.entries(FIRST_KEYS)) {
    await createKey(store, { key: keys[name as keyof typeof FIRST_KEYS], scopes, accounts: '*' }, clock.now())
  }
}
