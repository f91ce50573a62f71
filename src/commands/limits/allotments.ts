import type { SetBy } from '../../events/fields.ts'
import type { SetRules } from '../../events/limit-book.ts'
import { additiveLimits, type Measure } from '../../events/limit-rules.ts'
import { parseScope } from '../../events/scope.ts'
import { formatPrice } from '../../platform/decimal.ts'
import type { Breach } from './control-check.ts'
import { type Counted, type Filter, usage } from './measure.ts'
import { type Share, type Subject, shareKey } from './risk-state.ts'
import { breachOf, RULE_NAMES } from './rule-breach.ts'

/** A share of a wider limit that an order would need and the account does not hold, at 12 decimals. */
export interface Need {
  readonly scope: string
  readonly key: string
  readonly missing: bigint
  /** All that the account has received of it so far. */
  readonly received: bigint
}

/** A wider limit that has nothing left to give. */
export interface Exhausted {
  readonly scope: string
  readonly key: string
  readonly limit: string
  readonly outstanding: string
  readonly setBy: SetBy
}

/** The shares that an order needs beyond what the account holds. An order that adds nothing to a measure needs none of it. */
export const needsOf = (state: Subject, sets: readonly SetRules[], order: Counted, at: number): readonly Need[] =>
  sets.flatMap(({ scope, rules }) =>
    [...additiveLimits(rules).keys()].flatMap((key) =>
      needOf(state, scope, key, usedOf(state, scope, key, at), usedOf(state, scope, key, at, order)),
    ),
  )

/** The same for an order whose terms change: the account before and after. */
export const needsBetween = (now: Subject, then: Subject, sets: readonly SetRules[], at: number): readonly Need[] =>
  sets.flatMap(({ scope, rules }) =>
    [...additiveLimits(rules).keys()].flatMap((key) => needOf(now, scope, key, usedOf(now, scope, key, at), usedOf(then, scope, key, at))),
  )

const needOf = (state: Subject, scope: string, key: string, before: bigint, after: bigint): readonly Need[] => {
  const share = shareOf(state, scope, key)
  const missing = after - (share.received - share.returned)
  return missing > 0n && after > before ? [{ scope, key, missing, received: share.received }] : []
}

/** How much of a wider limit the account uses. */
const usedOf = (state: Subject, scope: string, key: string, at: number, more?: Counted): bigint => {
  const [measure, name = ''] = key.split(' ') as [Measure, string?]
  return usage(state, measure, name, filterOf(scope), at, more)
}

export const shareOf = (state: Subject, scope: string, key: string): Share =>
  state.risk.shares.get(shareKey(scope, key)) ?? { received: 0n, returned: 0n }

/** The refusal for a share that could not be had. */
export const exhaustedBreach = (exhausted: readonly Exhausted[], needs: readonly Need[]): Breach | undefined => {
  const found = exhausted.find(({ scope, key }) => needs.some((need) => need.scope === scope && need.key === key))
  if (!found) return undefined
  const { scope, key, limit, outstanding, setBy } = found
  const set = { scope, setBy, rules: undefined as never }
  return breachOf(set, RULE_NAMES[key.split(' ')[0] as Measure], limit, outstanding, `${key} of ${limit} is given out`)
}

/** The refusal where a share can't be waited for. */
export const missingBreach = (sets: readonly SetRules[], needs: readonly Need[]): Breach | undefined => {
  const [need] = needs
  const set = need && sets.find(({ scope }) => scope === need.scope)
  if (!need || !set) return undefined
  const { key, missing } = need
  const limit = additiveLimits(set.rules).get(key) ?? ''
  return breachOf(set, RULE_NAMES[key.split(' ')[0] as Measure], limit, undefined, `${formatPrice(missing)} of ${key} is not held`)
}

/** What the account holds of a share and does not use: it can be returned. */
export const unspent = (state: Subject, scope: string, key: string, at: number): bigint => {
  const { received, returned } = shareOf(state, scope, key)
  const left = received - returned - usedOf(state, scope, key, at)
  return left > 0n ? left : 0n
}

export const totalText = (total: bigint): string => formatPrice(total)

const filterOf = (text: string): Filter => {
  const scope = parseScope(text)
  if (scope?.kind === 'strategy') return { strategyId: scope.id }
  return scope?.kind === 'instrument' ? { symbol: scope.id } : {}
}
