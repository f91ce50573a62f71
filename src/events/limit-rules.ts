import { z } from 'zod'
import { Price } from './fields.ts'

/** Limits by name of an asset or symbol, canonical decimals. */
const PerName = z.record(z.string(), Price)

/**
 * Limits of a scope; what is absent is not limited. Money is by quote asset, quantities by symbol.
 * `orderNotional`: one order; `openNotional`: all open orders; `position`: what is held plus what open orders could add;
 * `dailyLoss`: realised since 00:00 UTC, entries stop and exits pass; `priceCollarBps`: distance of a price from mid.
 */
export const LimitRules = z.object({
  orderNotional: PerName.default({}),
  openNotional: PerName.default({}),
  position: PerName.default({}),
  openOrders: z.number().int().nonnegative().nullable().default(null),
  ordersPerMinute: z.number().int().nonnegative().nullable().default(null),
  dailyLoss: PerName.default({}),
  priceCollarBps: z.number().int().positive().nullable().default(null),
})
export type LimitRules = z.infer<typeof LimitRules>

/**
 * A limit that adds up over accounts, by the name of its measure: `openNotional USDC`, `position SOL/USDC`, `openOrders`,
 * `ordersPerMinute`. Wider scopes hand shares of it out.
 */
const MEASURES = ['openNotional', 'position', 'openOrders', 'ordersPerMinute'] as const
export type Measure = (typeof MEASURES)[number]

const measureKey = (measure: Measure, name: string): string => (name === '' ? measure : `${measure} ${name}`)

/** The additive limits of a scope's rules as decimals by key. */
export const additiveLimits = (rules: LimitRules): ReadonlyMap<string, string> => {
  const limits = new Map<string, string>()
  for (const measure of ['openNotional', 'position'] as const)
    for (const [name, limit] of Object.entries(rules[measure])) limits.set(measureKey(measure, name), limit)
  for (const measure of ['openOrders', 'ordersPerMinute'] as const) {
    const limit = rules[measure]
    if (limit !== null) limits.set(measure, String(limit))
  }
  return limits
}
