import { LRUCache } from 'lru-cache'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { Gauge, Histogram, type Registry } from '../../platform/metrics.ts'
import type { Chain } from '../chain.ts'
import { createPressure, type PriceBounds, priceAt } from './price-levels.ts'

/** What transactions bid for their place in a block. */
export interface FeePolicy {
  /** Micro-lamports per compute unit for a transaction that locks these accounts for writing. Never rejects: without an answer it is the last known, or the floor. */
  price(writable: readonly string[]): Promise<bigint>
  /** How a sent transaction fared. */
  fared(how: 'promptly' | 'late' | 'never'): void
}

export interface FeePolicyOptions {
  readonly chain: Pick<Chain, 'recentPrices'>
  readonly bounds: PriceBounds
  readonly clock: Clock
  readonly log: Logger
  readonly registry: Registry
}

/** Prices move by the slot, but a percentile over 150 slots does not within some seconds. */
const FRESH_MS = 5_000
/** Sets of accounts: routes times pairs. */
const KEPT = 500

/** A percentile of what was paid for the same write locks, with floor and cap, moved by how well transactions land. */
export const createFeePolicy = ({ chain, bounds, clock, log, registry }: FeePolicyOptions): FeePolicy => {
  const pressure = createPressure()
  const fresh = new LRUCache<string, Promise<readonly bigint[] | undefined>>({
    max: KEPT,
    ttl: FRESH_MS,
    // every look asks the port: the cache's own timer would be a second clock
    perf: { now: () => clock.now() },
    ttlResolution: 0,
  })
  const prices = new Histogram({
    name: 'quantbot_priority_price_micro_lamports',
    help: 'Price per compute unit that was bid',
    buckets: [0, 1, 1_000, 10_000, 50_000, 100_000, 200_000, 400_000, 1_000_000, 2_000_000, 5_000_000],
    registers: [registry],
  })
  new Gauge({
    name: 'quantbot_landing_rate',
    help: 'Part of the last transactions that landed before they had to be sent again',
    registers: [registry],
    collect() {
      this.set(pressure.landingRate())
    },
  })
  new Gauge({
    name: 'quantbot_priority_percentile',
    help: 'Percentile of recent prices that is bid now',
    registers: [registry],
    collect() {
      this.set(pressure.percentile())
    },
  })

  const samples = (key: string, writable: readonly string[]): Promise<readonly bigint[] | undefined> => {
    const known = fresh.get(key)
    if (known) return known
    const asked = chain.recentPrices(writable).then((answer) => {
      if (answer.ok) return answer.value
      log.warn({ error: answer.error }, 'recent prices are not to be had')
      fresh.delete(key)
      return undefined
    })
    fresh.set(key, asked)
    return asked
  }

  return {
    fared: pressure.noted,
    price: async (writable) => {
      const accounts = [...new Set(writable)].sort()
      const paid = await samples(accounts.join(), accounts)
      const price = priceAt(paid ?? [], pressure.percentile(), bounds)
      prices.observe(Number(price))
      return price
    },
  }
}
