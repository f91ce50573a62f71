import type { Side } from '../../events/fields.ts'
import { divideHalfEven } from '../../platform/decimal.ts'

/**
 * First in, first out, as two running totals: what was opened and what of it is closed. A lot is a stretch of the opened quantity, so a closing
 * trade only moves a mark along it, whatever the number of lots; which lots are open, and what the closed ones had cost, is where the mark stands.
 * A run ends when all of it is closed; the next trade begins another one.
 */
export interface Fifo {
  /** Number of the run, from 0. */
  readonly run: number
  /** What opens lots in this run: buys of a long position, sales of a short one. */
  readonly side: Side
  /** Base units opened, and quote units paid (long) or received (short) for them. */
  readonly opened: bigint
  readonly openedQuote: bigint
  /** Base units closed, and quote units received or paid for that. */
  readonly closed: bigint
  readonly closedQuote: bigint
  /** Quote units gained by the runs before. */
  readonly realized: bigint
}

/** A stretch of a run: the lot that a trade opened. */
export interface Lot {
  readonly run: number
  readonly side: Side
  readonly qty: bigint
  readonly quote: bigint
  /** Opened in the run up to and with this lot. */
  readonly upTo: bigint
  readonly quoteUpTo: bigint
}

export const NO_LOTS: Fifo = { run: 0, side: 'buy', opened: 0n, openedQuote: 0n, closed: 0n, closedQuote: 0n, realized: 0n }

/** After a trade of `base` for `quote` units, both positive: the totals, and the lot that it opened, if any. A trade that turns the position does both. */
export const tradeLots = (fifo: Fifo, side: Side, base: bigint, quote: bigint): { readonly fifo: Fifo; readonly lot: Lot | undefined } => {
  const open = fifo.opened - fifo.closed
  if (open === 0n || fifo.side === side) return openLot(fifo, side, base, quote)
  const closing = base < open ? base : open
  // what a division drops goes to the part that opens, so no unit is lost
  const closingQuote = closing === base ? quote : divideHalfEven(quote * closing, base)
  const after = { ...fifo, closed: fifo.closed + closing, closedQuote: fifo.closedQuote + closingQuote }
  const next = after.closed === after.opened ? nextRun(after) : after
  return closing === base ? { fifo: next, lot: undefined } : openLot(next, side, base - closing, quote - closingQuote)
}

const openLot = (fifo: Fifo, side: Side, base: bigint, quote: bigint): { readonly fifo: Fifo; readonly lot: Lot | undefined } => {
  const next = { ...fifo, side, opened: fifo.opened + base, openedQuote: fifo.openedQuote + quote }
  // nothing traded for something: a gain or a loss of no lot
  if (base === 0n) return { fifo: { ...fifo, realized: fifo.realized + (side === 'sell' ? quote : -quote) }, lot: undefined }
  return { fifo: next, lot: { run: next.run, side, qty: base, quote, upTo: next.opened, quoteUpTo: next.openedQuote } }
}

const nextRun = (done: Fifo): Fifo => ({ ...NO_LOTS, run: done.run + 1, realized: done.realized + gainOf(done, done.openedQuote) })

const gainOf = ({ side, closedQuote }: Fifo, costClosed: bigint): bigint =>
  side === 'buy' ? closedQuote - costClosed : costClosed - closedQuote

/** What is still open of a lot; undefined when it is closed. Costs of a lot's parts add up to its own, whatever the rounding. */
export const openPart = (fifo: Pick<Fifo, 'run' | 'closed'>, lot: Lot): { readonly qty: bigint; readonly quote: bigint } | undefined => {
  if (lot.run !== fifo.run || lot.upTo <= fifo.closed) return undefined
  const before = lot.upTo - lot.qty
  const taken = fifo.closed > before ? fifo.closed - before : 0n
  return { qty: lot.qty - taken, quote: lot.quote - divideHalfEven(lot.quote * taken, lot.qty) }
}

/** The whole of a symbol: signed quantity and cost of what is open, and what all closings gained. `oldest` is the oldest open lot. */
export const holdingOf = (
  fifo: Fifo,
  oldest: Lot | undefined,
): { readonly qty: bigint; readonly cost: bigint; readonly realized: bigint } => {
  const part = oldest && openPart(fifo, oldest)
  // everything before the oldest open lot is closed
  const costClosed = oldest && part ? oldest.quoteUpTo - part.quote : fifo.openedQuote
  const sign = fifo.side === 'buy' ? 1n : -1n
  return {
    qty: sign * (fifo.opened - fifo.closed),
    cost: sign * (fifo.openedQuote - costClosed),
    realized: fifo.realized + gainOf(fifo, costClosed),
  }
}
