import { type Grant, hashKey, type KeyRing, type Scope } from './grant.ts'
import { type Refusal, refusal } from './problem.ts'
import type { Needed } from './route.ts'

/** Finds the grant of `Authorization: Bearer <key>`, else the 401. */
export const authenticate = (keys: KeyRing, header: string | undefined): { readonly grant: Grant } | { readonly refusal: Refusal } => {
  const key = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(header ?? '')?.[1]
  const grant = key === undefined ? undefined : keys.find(hashKey(key))
  return grant ? { grant } : { refusal: refusal('unauthorized', 'send Authorization: Bearer <key>') }
}

/** The 403 when the key lacks the route's scope. */
export const authorise = (grant: Grant, needed: Needed): Refusal | undefined => {
  if (needed === 'any') return undefined
  const scopes: readonly Scope[] = typeof needed === 'string' ? [needed] : needed
  return scopes.some((scope) => grant.scopes.has(scope))
    ? undefined
    : refusal('forbidden', `this key lacks the scope "${scopes.join('" or "')}"`)
}
