import type { OrderState } from '../../commands/order/order-state.ts'
import type { PriceCitation } from '../../events/fields.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Quotes } from '../../rpc/venue/quotes.ts'
import { midReaches } from '../bounds.ts'

/** Resting orders by symbol: compares each new mid with all of them and wakes the accounts whose price has come. */
export interface PriceWatch {
  /** Watches the order; answers the mid when it has reached the order's price and a real quote is due. */
  reached(accountId: string, order: OrderState): PriceCitation | undefined
  /** A real quote did not meet the order: leave the venue alone for a while. */
  cool(order: OrderState): void
  /** Keeps only these orders of the account. */
  keep(accountId: string, orderIds: ReadonlySet<string>): void
  size(): number
}

interface Resting {
  readonly accountId: string
  readonly order: OrderState
  notBefore: number
}

/** The mid may stand beyond the limit for long without a quote of size meeting it. */
const COOL_MS = 1_000

export const createPriceWatch = (quotes: Quotes, clock: Clock, wake: (accountId: string) => void): PriceWatch => {
  const bySymbol = new Map<string, Map<string, Resting>>()
  const byAccount = new Map<string, Map<string, string>>()

  const due = ({ order, notBefore }: Resting): PriceCitation | undefined => {
    const mid = clock.now() >= notBefore ? quotes.mid(order.instrument.symbol) : undefined
    return mid && midReaches(order, mid.price) ? mid : undefined
  }
  quotes.onTicks((ticks) => {
    for (const symbol of new Set(ticks.map((tick) => tick.symbol)))
      for (const each of bySymbol.get(symbol)?.values() ?? []) if (due(each)) wake(each.accountId)
  })

  return {
    reached: (accountId, order) => {
      const { symbol } = order.instrument
      const resting = bySymbol.get(symbol) ?? new Map<string, Resting>()
      const entry = { accountId, order, notBefore: resting.get(order.orderId)?.notBefore ?? 0 }
      resting.set(order.orderId, entry)
      bySymbol.set(symbol, resting)
      byAccount.set(accountId, (byAccount.get(accountId) ?? new Map<string, string>()).set(order.orderId, symbol))
      return due(entry)
    },
    cool: (order) => {
      const entry = bySymbol.get(order.instrument.symbol)?.get(order.orderId)
      if (entry) entry.notBefore = clock.now() + COOL_MS
    },
    keep: (accountId, orderIds) => {
      const known = byAccount.get(accountId)
      if (!known) return
      for (const [orderId, symbol] of known) {
        if (orderIds.has(orderId)) continue
        known.delete(orderId)
        bySymbol.get(symbol)?.delete(orderId)
      }
      if (known.size === 0) byAccount.delete(accountId)
    },
    size: () => [...byAccount.values()].reduce((sum, orders) => sum + orders.size, 0),
  }
}
