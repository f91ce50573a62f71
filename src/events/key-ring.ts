import { type Grant, hashKey, type KeyRing, SCOPES, type Scope } from '../platform/http/grant.ts'
import { decodeEvent } from './decode.ts'
import { followReference, type ReferenceDeps } from './follow-reference.ts'
import { referenceEvent } from './log-identity.ts'
import type { EventStore } from './store/event-store.ts'
import { keyStream } from './streams.ts'

/** All keys in force, kept current by following their streams: a new or revoked key takes effect as soon as its event arrives. */
export const followKeys = async (deps: ReferenceDeps): Promise<KeyRing> => {
  const grants = new Map<string, Grant>()
  const hashes = new Map<string, string>()
  await followReference(deps, '^key-', (event) => {
    const decoded = decodeEvent(event)
    if (decoded.type === 'KeyCreated') {
      const { keyId, keyHash, scopes, accounts } = decoded.data
      const known = scopes.filter((scope): scope is Scope => (SCOPES as readonly string[]).includes(scope))
      grants.set(keyHash, { keyId, scopes: new Set(known), accounts: accounts === '*' ? '*' : new Set(accounts) })
      hashes.set(keyId, keyHash)
    } else if (decoded.type === 'KeyRevoked') {
      const hash = hashes.get(decoded.data.keyId)
      if (hash !== undefined) grants.delete(hash)
    }
  })
  return { find: (keyHash) => grants.get(keyHash) }
}

export interface KeyGrant {
  readonly key: string
  readonly scopes: readonly Scope[]
  readonly accounts: '*' | readonly string[]
}

/** Id of a key: the pseudonym under which it appears in events. */
export const keyIdOf = (key: string): string => `k${hashKey(key).slice(0, 16)}`

/** Records a key's grant (hash only). The same key again changes nothing. @throws when the store gives no definite answer */
export const createKey = async (store: EventStore, { key, scopes, accounts }: KeyGrant, clock: number): Promise<string> => {
  const keyId = keyIdOf(key)
  const data = { keyId, keyHash: hashKey(key), scopes, accounts }
  const outcome = await store.append(keyStream(keyId), 'no_stream', [
    referenceEvent(`create-${keyId}`, 'KeyCreated', data, 'operator', clock),
  ])
  if (outcome.kind === 'unknown') throw new Error(`the key may not be in force: ${outcome.reason}; run the same again`)
  return keyId
}
