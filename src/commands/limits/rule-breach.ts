import type { PriceCitation } from '../../events/fields.ts'
import type { SetRules } from '../../events/limit-book.ts'
import { additiveLimits, type Measure } from '../../events/limit-rules.ts'
import { formatPrice, parsePrice } from '../../platform/decimal.ts'
import type { Breach } from './control-check.ts'
import { realizedOn } from './holding.ts'
import { type Counted, type Filter, usage } from './measure.ts'
import type { Subject } from './risk-state.ts'

/** A new order as its limits see it. */
export interface Weighed {
  readonly order: Counted
  /** Its own price; null for one that takes the market's. */
  readonly price: string | null
  /** The market's mid, where a fresh one is known. */
  readonly mark: PriceCitation | undefined
  /** Only makes the position smaller. */
  readonly exit: boolean
  readonly at: number
}

/** What an account's, or its strategy's, own limits have against an order: the first rule that it breaches. */
export const ownRulesBreach = (state: Subject, set: SetRules, filter: Filter, weighed: Weighed): Breach | undefined =>
  orderRulesBreach(set, weighed) ??
  additiveBreach(set, (measure, name) => [
    usage(state, measure, name, filter, weighed.at),
    usage(state, measure, name, filter, weighed.at, weighed.order),
  ]) ??
  lossBreach(state, set, filter, weighed)

/** The rules that look at one order alone: they need no share. */
export const orderRulesBreach = (set: SetRules, { order, price, mark }: Weighed): Breach | undefined =>
  notionalBreach(set, order) ?? collarBreach(set, price, mark)

export const notionalBreach = (set: SetRules, order: Counted): Breach | undefined => {
  const most = parsePrice(set.rules.orderNotional[order.quote] ?? '')
  if (most === undefined || order.notional <= most) return undefined
  const text = `an order of more than ${formatPrice(most)} ${order.quote}`
  return breachOf(set, 'order_notional', formatPrice(most), formatPrice(order.notional), text)
}

/** A price too far from the mid; also one that can't be held against it, for want of a fresh one. */
export const collarBreach = (set: SetRules, price: string | null, mark: Weighed['mark']): Breach | undefined => {
  const { priceCollarBps } = set.rules
  const asked = parsePrice(price ?? '')
  if (priceCollarBps === null || asked === undefined) return undefined
  const mid = parsePrice(mark?.price ?? '')
  if (mid === undefined || mark === undefined)
    return breachOf(set, 'price_collar', `${priceCollarBps} bps`, undefined, 'no fresh price to hold the collar against')
  const away = asked > mid ? asked - mid : mid - asked
  if (away * 10_000n <= mid * BigInt(priceCollarBps)) return undefined
  const breach = breachOf(
    set,
    'price_collar',
    `${priceCollarBps} bps of ${mark.price}`,
    price ?? '',
    `more than ${priceCollarBps} bps away from ${mark.price}`,
  )
  return { ...breach, why: { ...breach.why, reference: mark } }
}

/** What adds up and is not to exceed the limit. What does not add to it passes, though the limit was lowered meanwhile. */
export const additiveBreach = (
  set: SetRules,
  used: (measure: Measure, name: string) => readonly [before: bigint, after: bigint],
): Breach | undefined => {
  for (const [key, limit] of additiveLimits(set.rules)) {
    const [measure, name = ''] = key.split(' ') as [Measure, string?]
    const most = parsePrice(limit) ?? 0n
    const [before, after] = used(measure, name)
    if (after > most && after > before) return breachOf(set, RULE_NAMES[measure], limit, formatPrice(after), `${key} would exceed ${limit}`)
  }
  return undefined
}

/** After a loss that large entries stop for the day; what closes a position passes. */
export const lossBreach = (
  state: Subject,
  set: SetRules,
  filter: Filter,
  { exit, at }: Pick<Weighed, 'exit' | 'at'>,
): Breach | undefined => {
  for (const [asset, limit] of Object.entries(set.rules.dailyLoss)) {
    let realized = 0n
    for (const [key, held] of state.risk.holdings) {
      const strategyId = key.split('@')[1]
      if (held.quote === asset && strategyId === filter.strategyId) realized += realizedOn(held, at)
    }
    const most = parsePrice(limit) ?? 0n
    if (!exit && -realized >= most && realized < 0n)
      return breachOf(set, 'daily_loss', limit, formatPrice(-realized), `lost ${formatPrice(-realized)} ${asset} today`)
  }
  return undefined
}

/** Rules by the names that refusals give them. */
export const RULE_NAMES: Readonly<Record<Measure, string>> = {
  openNotional: 'open_notional',
  position: 'position',
  openOrders: 'open_orders',
  ordersPerMinute: 'order_rate',
}

export const breachOf = (set: SetRules, rule: string, limit: string, value: string | undefined, text: string): Breach => ({
  code: 'limit_breached',
  text: `${set.scope}: ${text}`,
  why: { rule, scope: set.scope, limit, ...(value === undefined ? {} : { value }), setBy: set.setBy },
})
