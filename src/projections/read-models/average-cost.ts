import type { Side } from '../../events/fields.ts'
import { divideHalfEven } from '../../platform/decimal.ts'

/** A position at average cost. Signed: a short has negative quantity and cost. */
export interface Holding {
  /** Base units. */
  readonly qty: bigint
  /** Quote units that the open quantity cost. */
  readonly cost: bigint
  /** Quote units gained by what was closed. */
  readonly realized: bigint
}

export const FLAT: Holding = { qty: 0n, cost: 0n, realized: 0n }

/** The holding after a trade of `base` for `quote` units, both positive. What a half-even division drops stays in the cost, so no unit is lost. */
export const addTrade = (held: Holding, side: Side, base: bigint, quote: bigint): Holding => {
  const qty = side === 'buy' ? base : -base
  const cost = side === 'buy' ? quote : -quote
  if (held.qty === 0n || held.qty > 0n === qty > 0n) return { ...held, qty: held.qty + qty, cost: held.cost + cost }
  const open = held.qty < 0n ? -held.qty : held.qty
  const closed = base < open ? base : open
  const costClosed = divideHalfEven(held.cost * closed, open)
  const quoteClosed = base === 0n ? cost : divideHalfEven(cost * closed, base)
  return {
    qty: held.qty + qty,
    // beyond the open quantity the trade opens the other way, at its own price
    cost: held.cost - costClosed + (cost - quoteClosed),
    realized: held.realized - quoteClosed - costClosed,
  }
}
