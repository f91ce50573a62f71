import type { AccountEvent, DataOf } from '../events/account/account-event.ts'
import { isTerminal, type OrdStatus } from '../events/fields.ts'
import type { OrderFacts } from '../events/order-document.ts'
import { rareTermsOf } from '../events/order-terms.ts'

/** An order from its events alone. Written apart from the write side's fold and the read models, so that it can check both. */
export interface FoldedOrder extends OrderFacts {
  readonly number: number
}

/** The id of the order that an event changes; undefined for events that change none. */
export const changedOrder = (event: AccountEvent): string | undefined => {
  switch (event.type) {
    case 'OrderAccepted':
    case 'OrderRejected':
    case 'OrderTriggered':
    case 'OrderTrailed':
    case 'OrderCancelRequested':
    case 'OrderCancelRejected':
    case 'OrderReplaceRequested':
    case 'OrderReplaced':
    case 'OrderReplaceRejected':
    case 'OrderReleased':
    case 'OrderReservationMoved':
    case 'OrderCanceled':
    case 'OrderExpired':
    case 'TradeBooked':
    case 'TradeCanceled':
      return event.data.orderId
    default:
      return undefined
  }
}

/** The order after an event of its own; `position` is the event's. Undefined for an order whose first event was not seen. */
export const foldOrder = (order: FoldedOrder | undefined, event: AccountEvent, position: string): FoldedOrder | undefined => {
  if (event.type === 'OrderAccepted') return opened(event.data, position, 'New', null)
  if (event.type === 'OrderRejected') return opened(event.data, position, 'Rejected', event.data.text)
  if (!order) return undefined
  switch (event.type) {
    case 'OrderTriggered':
      return { ...order, position }
    case 'OrderTrailed':
      return { ...order, stopPrice: event.data.stopPrice, position }
    case 'OrderCancelRequested':
      return { ...order, ordStatus: 'PendingCancel', position }
    case 'OrderReplaceRequested':
      return { ...order, ordStatus: order.ordStatus === 'PendingCancel' ? 'PendingCancel' : 'PendingReplace', position }
    case 'OrderCancelRejected':
    case 'OrderReplaceRejected':
      return { ...order, ordStatus: event.data.ordStatus, position }
    case 'OrderReleased':
      return { ...order, orderQty: units(event.data.orderQty), position }
    case 'OrderReservationMoved':
      return { ...order, position }
    case 'OrderReplaced': {
      const { orderQty, cashOrderQty, price, stopPrice, ordStatus, clOrdId } = event.data
      const quantities = { orderQty: units(orderQty), cashOrderQty: units(cashOrderQty) }
      return { ...order, ...quantities, price, stopPrice, ordStatus, lastClOrdId: clOrdId, position }
    }
    case 'OrderCanceled':
    case 'OrderExpired':
      return { ...order, ordStatus: event.data.ordStatus, text: event.data.text, position }
    case 'TradeBooked': {
      const { lastQty, lastQuote, ordStatus } = event.data
      return {
        ...order,
        // before version 6 a trade did not tell what was pending: a partial fill leaves it so
        ordStatus: ordStatus === 'PartiallyFilled' && order.ordStatus === 'PendingCancel' ? 'PendingCancel' : ordStatus,
        text: ordStatus === 'Filled' ? null : order.text,
        cumQty: order.cumQty + BigInt(lastQty),
        cumQuote: order.cumQuote + BigInt(lastQuote),
        position,
      }
    }
    case 'TradeCanceled':
      return busted(order, event.data, position)
    default:
      return order
  }
}

const opened = (
  data: DataOf<'OrderAccepted'> | DataOf<'OrderRejected'>,
  position: string,
  ordStatus: OrdStatus,
  text: string | null,
): FoldedOrder => ({
  orderId: data.orderId,
  number: data.number,
  accountId: data.orderId.slice(0, data.orderId.lastIndexOf('.')),
  clOrdId: data.clOrdId,
  symbol: data.instrument.symbol,
  side: data.side,
  type: data.type,
  timeInForce: data.timeInForce,
  ordStatus,
  orderQty: units(data.orderQty),
  cashOrderQty: units(data.cashOrderQty),
  cumQty: 0n,
  cumQuote: 0n,
  price: data.price,
  ...rareTermsOf(data),
  lastClOrdId: null,
  text,
  baseDecimals: data.instrument.baseDecimals,
  quoteDecimals: data.instrument.quoteDecimals,
  position,
})

const units = (text: string | null): bigint | null => (text === null ? null : BigInt(text))

/** An order that holds funds again is open again; an ended one that holds none stays ended. */
const busted = (order: FoldedOrder, data: DataOf<'TradeCanceled'>, position: string): FoldedOrder => {
  const cumQty = order.cumQty - BigInt(data.busted.qty)
  const cumQuote = order.cumQuote - BigInt(data.busted.quote)
  const stays = order.ordStatus === 'PendingCancel' || (isTerminal(order.ordStatus) && BigInt(data.reserved.amount) === 0n)
  const before6 = stays ? order.ordStatus : cumQty > 0n ? 'PartiallyFilled' : 'New'
  return { ...order, ordStatus: data.ordStatus ?? before6, cumQty, cumQuote, position }
}
