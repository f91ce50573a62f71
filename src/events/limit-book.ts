import { parsePrice } from '../platform/decimal.ts'
import type { SetBy } from './fields.ts'
import { additiveLimits, type LimitRules } from './limit-rules.ts'
import type { ReferenceEvent } from './reference/reference-event.ts'

export type LimitEvent = Extract<ReferenceEvent, { type: 'LimitSet' | 'LimitGranted' | 'LimitReturned' }>

/** Rules in force and the event that set them. */
export interface SetRules {
  readonly scope: string
  readonly rules: LimitRules
  readonly setBy: SetBy
}

/** What an account was ever granted of a measure, and ever gave back, at 12 decimals. */
export interface Grant {
  readonly granted: bigint
  readonly returned: bigint
}

/** A wide limit as its stream tells it. */
export interface LimitState {
  readonly set: SetRules | undefined
  /** By measure key and account. */
  readonly grants: ReadonlyMap<string, ReadonlyMap<string, Grant>>
  /** Granted and not returned, by measure key: never above the limit, but for one that was lowered below it. */
  readonly outstanding: ReadonlyMap<string, bigint>
}

export const NO_LIMIT: LimitState = { set: undefined, grants: new Map(), outstanding: new Map() }

/** The limit of a measure at 12 decimals; undefined when it is not limited. */
export const limitOf = ({ set }: LimitState, key: string): bigint | undefined => {
  const limit = set && additiveLimits(set.rules).get(key)
  return limit === undefined ? undefined : parsePrice(limit)
}

export const grantOf = ({ grants }: LimitState, key: string, accountId: string): Grant =>
  grants.get(key)?.get(accountId) ?? { granted: 0n, returned: 0n }

export const evolveLimit = (state: LimitState, event: LimitEvent, setBy: SetBy): LimitState => {
  switch (event.type) {
    case 'LimitSet':
      return { ...state, set: { scope: event.data.scope, rules: event.data.rules, setBy } }
    case 'LimitGranted':
      return change(state, event.data, (before, total) => ({ ...before, granted: total }))
    case 'LimitReturned':
      return change(state, event.data, (before, total) => ({ ...before, returned: total }))
    default:
      return event satisfies never
  }
}

const change = (
  state: LimitState,
  { key, accountId, total }: { readonly key: string; readonly accountId: string; readonly total: string },
  to: (before: Grant, total: bigint) => Grant,
): LimitState => {
  const before = grantOf(state, key, accountId)
  const after = to(before, parsePrice(total) ?? 0n)
  // a map of its own per fold: there are as many entries as accounts that trade under the limit
  const accounts = new Map(state.grants.get(key))
  accounts.set(accountId, after)
  const outstanding = (state.outstanding.get(key) ?? 0n) + after.granted - after.returned - (before.granted - before.returned)
  return {
    ...state,
    grants: new Map(state.grants).set(key, accounts),
    outstanding: new Map(state.outstanding).set(key, outstanding),
  }
}

/** The rules of every scope wider than an account, in memory. */
export interface LimitBook {
  of(scope: string): SetRules | undefined
  /** Those of these scopes that are limited. */
  among(scopes: readonly string[]): readonly SetRules[]
  all(): readonly SetRules[]
}

const NONE: readonly SetRules[] = []

export const createLimitBook = (): LimitBook & { apply(event: LimitEvent, setBy: SetBy): void } => {
  const rules = new Map<string, SetRules>()
  return {
    of: (scope) => rules.get(scope),
    among: (scopes) => (rules.size === 0 ? NONE : scopes.flatMap((scope) => rules.get(scope) ?? [])),
    all: () => [...rules.values()],
    apply: (event, setBy) => {
      if (event.type === 'LimitSet') rules.set(event.data.scope, { scope: event.data.scope, rules: event.data.rules, setBy })
    },
  }
}
