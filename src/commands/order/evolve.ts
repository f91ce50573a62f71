import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import { isTerminal, type OrdStatus } from '../../events/fields.ts'
import { rareTermsOf } from '../../events/order-terms.ts'
import { isStop } from './conditions.ts'
import { isImmediate, type OrderState } from './order-state.ts'

/** Events that change an order already in the fold. */
export type OrderChange = Extract<
  AccountEvent,
  {
    type:
      | 'OrderTriggered'
      | 'OrderTrailed'
      | 'OrderCancelRequested'
      | 'OrderCanceled'
      | 'OrderExpired'
      | 'TradeBooked'
      | 'TradeCanceled'
      | 'TransactionFailed'
      | 'TransactionExpired'
  }
>

/** A new order as its OrderAccepted tells it. */
export const openOrder = (data: DataOf<'OrderAccepted'>, revision: bigint): OrderState => ({
  orderId: data.orderId,
  number: data.number,
  clOrdId: data.clOrdId,
  termsHash: data.termsHash,
  side: data.side,
  type: data.type,
  timeInForce: data.timeInForce,
  orderQty: data.orderQty === null ? null : BigInt(data.orderQty),
  cashOrderQty: data.cashOrderQty === null ? null : BigInt(data.cashOrderQty),
  price: data.price,
  ...rareTermsOf(data),
  maxSlippageBps: data.maxSlippageBps,
  instrument: data.instrument,
  ordStatus: 'New',
  text: null,
  cumQty: 0n,
  cumQuote: 0n,
  reserved: { asset: data.reserved.asset, amount: BigInt(data.reserved.amount) },
  peak: data.type === 'trailing_stop' ? (data.reference?.price ?? null) : null,
  triggered: false,
  held: data.list !== null && data.list.waitsFor !== null,
  executable: isImmediate(data) && !isStop(data) && (data.list?.waitsFor ?? null) === null,
  reference: data.reference?.price ?? null,
  cancelText: null,
  failedAttempts: 0,
  acceptedRevision: revision,
  acceptedAt: data.at,
})

/** The order after one event of its own or of its transaction. */
export const evolveOrder = (order: OrderState, event: OrderChange): OrderState => {
  switch (event.type) {
    case 'OrderTriggered':
      return trigger(order, event.data)
    case 'OrderTrailed':
      return { ...order, peak: event.data.peak, stopPrice: event.data.stopPrice }
    case 'OrderCancelRequested':
      return { ...order, ordStatus: 'PendingCancel', cancelText: event.data.text }
    case 'OrderCanceled':
      return end(order, 'Canceled', event.data)
    case 'OrderExpired':
      return end(order, 'Expired', event.data)
    case 'TradeBooked':
      return trade(order, event.data)
    case 'TradeCanceled':
      return untrade(order, event.data)
    case 'TransactionFailed':
      // a resting order waits for a later quote; an immediate one is ended by the same append
      return { ...order, failedAttempts: order.failedAttempts + 1, executable: order.executable && isImmediate(order) }
    case 'TransactionExpired':
      return { ...order, failedAttempts: order.failedAttempts + 1 }
    default:
      return event satisfies never
  }
}

/** A stop is a market or limit order once it is triggered: the former goes at once, the latter when its limit is met, or never waits. */
const trigger = (order: OrderState, { condition, trigger }: DataOf<'OrderTriggered'>): OrderState => {
  if (condition !== 'stop') return { ...order, executable: true, reference: trigger.price }
  return { ...order, triggered: true, executable: order.price === null || isImmediate(order), reference: trigger.price }
}

const end = (order: OrderState, ordStatus: OrdStatus, data: DataOf<'OrderCanceled'>): OrderState => ({
  ...order,
  ordStatus,
  text: data.text,
  executable: false,
  cancelText: null,
  reserved: { ...order.reserved, amount: order.reserved.amount - BigInt(data.released.amount) },
})

const trade = (order: OrderState, data: DataOf<'TradeBooked'>): OrderState => {
  const filled = data.ordStatus === 'Filled'
  const spent = BigInt(order.side === 'buy' ? data.lastQuote : data.lastQty)
  return {
    ...order,
    ordStatus: filled ? 'Filled' : order.cancelText !== null ? 'PendingCancel' : 'PartiallyFilled',
    text: filled ? null : order.text,
    cumQty: order.cumQty + BigInt(data.lastQty),
    cumQuote: order.cumQuote + BigInt(data.lastQuote),
    reserved: { ...order.reserved, amount: order.reserved.amount - spent - BigInt(data.released.amount) },
    executable: !filled && order.executable && isImmediate(order),
    cancelText: filled ? null : order.cancelText,
  }
}

const untrade = (order: OrderState, data: DataOf<'TradeCanceled'>): OrderState => {
  const reserved = BigInt(data.reserved.amount)
  const cumQty = order.cumQty - BigInt(data.busted.qty)
  const staysEnded = isTerminal(order.ordStatus) && reserved === 0n
  const open = order.cancelText !== null ? 'PendingCancel' : cumQty > 0n ? 'PartiallyFilled' : 'New'
  return {
    ...order,
    ordStatus: staysEnded ? order.ordStatus : open,
    cumQty,
    cumQuote: order.cumQuote - BigInt(data.busted.quote),
    reserved: { ...order.reserved, amount: order.reserved.amount + reserved },
    // the attempt is open again; should it expire, an immediate order goes on and a resting one waits for a quote
    executable: !staysEnded && isImmediate(order),
  }
}
