import type { Side } from '../../events/fields.ts'
import { divideHalfEven, pow10 } from '../../platform/decimal.ts'

/**
 * What an account, or one of its strategies, holds of a symbol by trading, at average cost. Quantities and money at 12 decimals,
 * which no asset exceeds: an instrument's decimals may change under a position.
 */
export interface Holding {
  /** Signed: a short is negative. */
  readonly qty: bigint
  readonly cost: bigint
  readonly quote: string
  /** UTC day (days since the epoch) that `realized` is of. */
  readonly day: number
  /** Gained (lost: negative) on that day by what was closed. */
  readonly realized: bigint
}

/** What one trade did to a holding, to be taken back if it is busted. */
export interface Effect {
  readonly qty: bigint
  readonly cost: bigint
  readonly realized: bigint
  readonly day: number
}

export interface Traded {
  readonly side: Side
  readonly quote: string
  /** At 12 decimals, positive. */
  readonly base: bigint
  readonly paid: bigint
  readonly at: number
}

const SCALE = 12
const DAY_MS = 86_400_000

/** Base units at 12 decimals. */
export const scaled = (units: bigint, decimals: number): bigint => units * pow10(SCALE - decimals)
export const dayOf = (at: number): number => Math.floor(at / DAY_MS)

/** What the trade does: opens at its own price, closes at the average. */
export const effectOf = (held: Holding | undefined, { side, base, paid, at }: Traded): Effect => {
  const qty = side === 'buy' ? base : -base
  const cost = side === 'buy' ? paid : -paid
  const day = dayOf(at)
  if (!held || held.qty === 0n || held.qty > 0n === qty > 0n) return { qty, cost, realized: 0n, day }
  const open = held.qty < 0n ? -held.qty : held.qty
  const closed = base < open ? base : open
  const costClosed = divideHalfEven(held.cost * closed, open)
  const quoteClosed = base === 0n ? cost : divideHalfEven(cost * closed, base)
  return { qty, cost: cost - quoteClosed - costClosed, realized: -quoteClosed - costClosed, day }
}

export const applyEffect = (held: Holding | undefined, effect: Effect, quote: string): Holding => {
  const today = held && held.day >= effect.day ? held : { day: effect.day, realized: 0n }
  return {
    qty: (held?.qty ?? 0n) + effect.qty,
    cost: (held?.cost ?? 0n) + effect.cost,
    quote,
    day: today.day,
    // a bust of another day's trade changes that day, which no limit looks at any more
    realized: today.realized + (effect.day === today.day ? effect.realized : 0n),
  }
}

export const reverse = (effect: Effect): Effect => ({ ...effect, qty: -effect.qty, cost: -effect.cost, realized: -effect.realized })

/** Gained or lost on the day of `at`. */
export const realizedOn = (held: Holding, at: number): bigint => (held.day === dayOf(at) ? held.realized : 0n)
