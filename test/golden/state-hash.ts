import { createHash } from 'node:crypto'
import { type Map as ImmutableMap, isKeyed, isOrdered } from 'immutable'

/** A folded state as plain JSON that means the same whatever order its records' fields or its unordered maps have. */
export type Canonical = null | boolean | number | string | readonly Canonical[] | { readonly [key: string]: Canonical }

/** SHA-256 of a canonical state, hex. */
export const stateHash = (state: Canonical): string => createHash('sha256').update(JSON.stringify(state)).digest('hex')

export const canonical = (value: unknown): Canonical => {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value
  if (typeof value === 'bigint') return `${value}n`
  if (Buffer.isBuffer(value)) return `bytes ${value.toString('hex')}`
  if (isKeyed(value)) return entries(value as ImmutableMap<unknown, unknown>)
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) return [...(value as Iterable<unknown>)].map(canonical)
  if (typeof value !== 'object' || value === null) throw new Error(`a state holds a ${typeof value}`)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, canonical(member)]))
}

/**
 * The part of a state that an older build knew: records lose the fields it did not have, everything else stays. A field that is gone,
 * a value that differs, an entry too many or too few still shows.
 */
export const asKnownBy = (known: Canonical, state: Canonical): Canonical => {
  if (Array.isArray(known) && Array.isArray(state))
    return state.map((each, i) => (i in known ? asKnownBy(known[i] as Canonical, each as Canonical) : (each as Canonical)))
  if (!isRecord(known) || !isRecord(state)) return state
  const isMap = MAP in known || MAP in state
  const kept = Object.entries(state).filter(([key]) => isMap || key in known)
  return Object.fromEntries(kept.map(([key, member]) => [key, key in known ? asKnownBy(known[key]!, member) : member]))
}

/** Marks a map, whose entries are data, among records, whose fields are code. */
const MAP = '(map)'

const entries = (map: ImmutableMap<unknown, unknown>): Canonical => {
  const all = [...map.entries()].map(([key, value]) => [String(key), canonical(value)] as const)
  // where an order has a meaning it is part of the state
  if (isOrdered(map)) return all.map(([key, value]) => [key, value])
  return { [MAP]: all.length, ...Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1))) }
}

const isRecord = (value: Canonical): value is { readonly [key: string]: Canonical } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
