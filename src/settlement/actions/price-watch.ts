import { isMet, leastStep, trailTo, waitingFor } from '../../commands/order/conditions.ts'
import type { OrderState } from '../../commands/order/order-state.ts'
import type { PriceCitation } from '../../events/fields.ts'
import type { Clock } from '../../platform/clock.ts'
import { formatPrice, parsePrice } from '../../platform/decimal.ts'
import { QUOTE_MAX_AGE_MS } from '../../rpc/market-data/market-data.ts'
import type { Quotes } from '../../rpc/venue/quotes.ts'
import { createThresholds, type Thresholds } from './thresholds.ts'

/** Resting orders by symbol and price: a tick finds those that it meets without looking at the others, and wakes their accounts. */
export interface PriceWatch {
  /** Watches the order; answers the price that has met what it waits for. A touch counts, even if the market has turned since. */
  met(accountId: string, order: OrderState, tickSize: string): PriceCitation | undefined
  /** What was to be done came to nothing: leave the order alone for a while. */
  cool(order: OrderState): void
  /** Keeps only these orders of the account. */
  keep(accountId: string, orderIds: ReadonlySet<string>): void
  size(): number
}

/** A mid may stand beyond a limit for long without a quote of size meeting it, and a market order that failed is not tried at every tick. */
const COOL_MS = 1_000

interface Resting {
  readonly accountId: string
  order: OrderState
  tickSize: string
  /** Where it stands in the index; empty while it was met or cools down. */
  marks: readonly Mark[]
  /** The price that met it, until its account has run. */
  touched: PriceCitation | undefined
  notBefore: number
}
interface Mark {
  readonly when: 'at_or_below' | 'at_or_above'
  readonly price: bigint
}
type Book = Readonly<Record<Mark['when'], Thresholds<Resting>>>

export const createPriceWatch = (quotes: Pick<Quotes, 'mid' | 'onTicks'>, clock: Clock, wake: (accountId: string) => void): PriceWatch => {
  const books = new Map<string, Book>()
  const resting = new Map<string, Resting>()
  const byAccount = new Map<string, Set<string>>()
  /** In the order in which their time comes, since all cool equally long. */
  const cooling = new Set<Resting>()

  const bookOf = (symbol: string): Book => {
    const known = books.get(symbol)
    if (known) return known
    const made = { at_or_below: createThresholds<Resting>('at_or_below'), at_or_above: createThresholds<Resting>('at_or_above') }
    books.set(symbol, made)
    return made
  }
  const index = (entry: Resting): void => {
    const book = bookOf(entry.order.instrument.symbol)
    entry.marks = marksOf(entry)
    for (const { when, price } of entry.marks) book[when].add(price, entry)
  }
  const unindex = (entry: Resting): void => {
    const book = bookOf(entry.order.instrument.symbol)
    for (const { when, price } of entry.marks) book[when].remove(price, entry)
    entry.marks = []
  }
  const warm = (now: number): void => {
    for (const entry of cooling) {
      if (entry.notBefore > now) return
      cooling.delete(entry)
      index(entry)
    }
  }

  quotes.onTicks((ticks) => {
    const now = clock.now()
    warm(now)
    for (const { symbol, price, sourceId, time, afterGap } of ticks) {
      const book = books.get(symbol)
      // a price beside lost ones, or from too long ago, triggers nothing
      if (!book || afterGap || now - time > QUOTE_MAX_AGE_MS) continue
      for (const when of ['at_or_below', 'at_or_above'] as const) {
        for (const entry of book[when].take(price)) {
          unindex(entry)
          entry.touched = { price: formatPrice(price), sourceId, time }
          wake(entry.accountId)
        }
      }
    }
  })

  return {
    met: (accountId, order, tickSize) => {
      const known = resting.get(order.orderId)
      const entry: Resting = known ?? { accountId, order, tickSize, marks: [], touched: undefined, notBefore: 0 }
      if (!known) {
        resting.set(order.orderId, entry)
        byAccount.set(accountId, (byAccount.get(accountId) ?? new Set()).add(order.orderId))
      }
      if (entry.order !== order) unindex(entry)
      Object.assign(entry, { order, tickSize })
      const now = clock.now()
      const { touched } = entry
      entry.touched = undefined
      if (touched && now - touched.time <= QUOTE_MAX_AGE_MS && concerns(entry, touched.price)) return touched
      if (now < entry.notBefore) return undefined
      cooling.delete(entry)
      const mid = quotes.mid(order.instrument.symbol)
      if (mid && concerns(entry, mid.price)) return mid
      if (entry.marks.length === 0) index(entry)
      return undefined
    },
    cool: (order) => {
      const entry = resting.get(order.orderId)
      if (!entry) return
      unindex(entry)
      entry.notBefore = clock.now() + COOL_MS
      cooling.delete(entry)
      cooling.add(entry)
    },
    keep: (accountId, orderIds) => {
      const known = byAccount.get(accountId)
      if (!known) return
      for (const orderId of known) {
        if (orderIds.has(orderId)) continue
        const entry = resting.get(orderId)
        if (entry) {
          unindex(entry)
          cooling.delete(entry)
        }
        resting.delete(orderId)
        known.delete(orderId)
      }
      if (known.size === 0) byAccount.delete(accountId)
    },
    size: () => resting.size,
  }
}

/** Whether a price meets what the order waits for, or moves a trailing stop. */
const concerns = ({ order, tickSize }: Resting, price: string): boolean => {
  const waiting = waitingFor(order)
  if (!waiting) return false
  return isMet(waiting, price) || (waiting.kind === 'trailing' && trailTo(order, price, tickSize) !== undefined)
}

const marksOf = ({ order, tickSize }: Resting): readonly Mark[] => {
  const waiting = waitingFor(order)
  if (!waiting) return []
  if (waiting.kind === 'market') return [{ when: 'at_or_above', price: 0n }]
  const mark = { when: waiting.when, price: parsePrice(waiting.price) ?? 0n }
  if (waiting.kind !== 'trailing') return [mark]
  const peak = parsePrice(waiting.peak) ?? 0n
  const step = leastStep(peak, tickSize)
  return [mark, order.side === 'sell' ? { when: 'at_or_above', price: peak + step } : { when: 'at_or_below', price: peak - step }]
}
