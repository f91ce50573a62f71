import type { AccountEvent } from '../../events/account/account-event.ts'
import { isTerminal } from '../../events/fields.ts'
import { endOrder } from './cancel.ts'
import { reverseFee } from './fee.ts'
import { placeCommandId } from './order-request.ts'
import { isFilledBy, type OrderState } from './order-state.ts'
import { surplusCredited } from './outcome.ts'
import { statusOf } from './requests.ts'

/** A trade as it was booked, so that it can be taken back to the unit. */
export interface BookedTrade {
  readonly execId: string
  readonly lastQty: bigint
  readonly lastQuote: bigint
  readonly released: bigint
  readonly surplus: bigint
  /** Charged on what came in. */
  readonly fee: bigint
  /** Which asset came in: the quote of a sale, else the base. */
  readonly sold: boolean
  readonly base: string
  readonly quote: string
}

/**
 * TradeCancel: the trade's transaction is no longer on the chain. A filled or open order holds its reservation again;
 * one that ended otherwise stays ended and holds nothing.
 */
export const bustTrade = (order: OrderState, trade: BookedTrade, ref: string, attempt: number, at: number): readonly AccountEvent[] => {
  const terms = order.instrument
  const consumed = (order.side === 'buy' ? trade.lastQuote : trade.lastQty) + trade.released
  const without = { cumQty: order.cumQty - trade.lastQty, cumQuote: order.cumQuote - trade.lastQuote }
  const stillFilled = isFilledBy(order, without.cumQty, without.cumQuote)
  const reserved = order.text !== null || stillFilled || consumed < 0n ? 0n : consumed
  const received = order.side === 'buy' ? { asset: terms.base, amount: trade.lastQty } : { asset: terms.quote, amount: trade.lastQuote }
  const events: AccountEvent[] = [
    {
      type: 'TradeCanceled',
      data: {
        execId: `${trade.execId}.cancel`,
        execRefId: trade.execId,
        orderId: order.orderId,
        symbol: terms.symbol,
        side: order.side,
        base: terms.base,
        quote: terms.quote,
        baseDecimals: terms.baseDecimals,
        quoteDecimals: terms.quoteDecimals,
        busted: { qty: trade.lastQty.toString(), quote: trade.lastQuote.toString() },
        reserved: { asset: order.reserved.asset, amount: reserved.toString() },
        ordStatus: isTerminal(order.ordStatus) && reserved === 0n ? order.ordStatus : statusOf({ ...order, ...without }),
        compensates: {
          cause: { type: 'TransactionVanished', ref, attempt },
          command: placeCommandId(order.clOrdId),
          reverses: 'trade',
          effect: { asset: received.asset, amount: received.amount.toString() },
        },
        at,
      },
    },
  ]
  if (trade.fee !== 0n) events.push(reverseFee(order, trade, received.asset, { type: 'TransactionVanished', ref, attempt }, at))
  if (trade.surplus !== 0n) events.push(surplusCredited(order, trade.execId, -trade.surplus, at))
  // a late fill had made an ended order Filled: without it the order is ended again, not open
  if (order.ordStatus === 'Filled' && !stillFilled && reserved === 0n) events.push(endOrder(order, 'TRADE_CANCELED', at))
  return events
}
