import { createHash } from 'node:crypto'

/** What a key may do. `risk:admin` and `operate` are the operator's. */
export const SCOPES = ['trade', 'read', 'audit', 'operate', 'risk:admin'] as const
export type Scope = (typeof SCOPES)[number]

/** The rights of one API key. `actor` is its pseudonym in events. */
export interface Grant {
  readonly keyId: string
  readonly scopes: ReadonlySet<Scope>
  readonly accounts: '*' | ReadonlySet<string>
}

/** Looks a presented key up; keys are held as SHA-256 only. Returns undefined for an unknown or revoked key. */
export interface KeyRing {
  find(keyHash: string): Grant | undefined
}

/** SHA-256 of a key, hex: high-entropy random keys need no slow hash. */
export const hashKey = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex')

export const mayUse = (grant: Grant, accountId: string): boolean => grant.accounts === '*' || grant.accounts.has(accountId)
