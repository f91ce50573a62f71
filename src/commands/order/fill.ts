import type { TokenDelta } from '../../events/account/transaction-events.ts'
import { leavesQtyOf, type OrderState } from './order-state.ts'

/** What a landed swap did to the order, from the wallet's own token balance changes. */
export interface Fill {
  readonly lastQty: bigint
  readonly lastQuote: bigint
  /**
   * Base units beyond LeavesQty, which are no fill: positive, more came in than a buy asked for; negative, more went out
   * than a sell had left (only when the bytes of two attempts both land).
   */
  readonly surplus: bigint
}

export type Execution =
  | { readonly kind: 'fill'; readonly fill: Fill }
  /** The transaction succeeded and moved none of the wallet's base and quote tokens. */
  | { readonly kind: 'nothing' }
  /** The changes are not those of this order's swap: nothing is guessed. */
  | { readonly kind: 'contradiction' }

/** Reads the fill off the balance changes of the wallet; the quote plays no part. */
export const fillFrom = (order: OrderState, deltas: readonly TokenDelta[], wallet: string): Execution => {
  const base = changeOf(deltas, wallet, order.instrument.baseMint)
  const quote = changeOf(deltas, wallet, order.instrument.quoteMint)
  if (base === 0n && quote === 0n) return { kind: 'nothing' }
  const qty = order.side === 'buy' ? base : -base
  const lastQuote = order.side === 'buy' ? -quote : quote
  if (qty <= 0n || lastQuote <= 0n) return { kind: 'contradiction' }
  const leaves = leavesQtyOf(order)
  const beyond = leaves !== null && qty > leaves ? qty - leaves : 0n
  return { kind: 'fill', fill: { lastQty: qty - beyond, lastQuote, surplus: order.side === 'buy' ? beyond : -beyond } }
}

/** Sum of the changes of the owner's token accounts of a mint. */
export const changeOf = (deltas: readonly TokenDelta[], owner: string, mint: string): bigint =>
  deltas.reduce((sum, delta) => (delta.owner === owner && delta.mint === mint ? sum + BigInt(delta.amount) : sum), 0n)
