import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import { isTerminal, type OrdStatus } from '../../events/fields.ts'
import { rareTermsOf } from '../../events/order-terms.ts'
import { isStop } from './conditions.ts'
import { isFilledBy, isImmediate, type OrderState } from './order-state.ts'
import { hasRequests, statusOf, withoutRequest } from './requests.ts'

/** Events that change an order already in the fold. */
export type OrderChange = Extract<
  AccountEvent,
  {
    type:
      | 'OrderTriggered'
      | 'OrderTrailed'
      | 'OrderCancelRequested'
      | 'OrderCancelRejected'
      | 'OrderReplaceRequested'
      | 'OrderReplaced'
      | 'OrderReleased'
      | 'OrderReservationMoved'
      | 'OrderReplaceRejected'
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
  fee: data.fee,
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
  lastClOrdId: data.clOrdId,
  requests: [],
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
      return requestCancel(order, event.data)
    case 'OrderCancelRejected':
    case 'OrderReplaceRejected':
      return refuseRequest(order, event.data)
    case 'OrderReplaceRequested':
      return requestReplace(order, event.data)
    case 'OrderReleased':
      return hold({ ...order, held: false, orderQty: unitsOf(event.data.orderQty) }, event.data.reserved.amount)
    case 'OrderReservationMoved':
      return hold(order, event.data.reserved.amount)
    case 'OrderReplaced':
      return replace(order, event.data)
    case 'OrderCanceled':
    case 'OrderExpired':
      return end(order, event.data)
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

const requestCancel = (order: OrderState, { clOrdId, text }: DataOf<'OrderCancelRequested'>): OrderState =>
  clOrdId === null
    ? { ...order, ordStatus: 'PendingCancel', cancelText: text }
    : { ...order, ordStatus: 'PendingCancel', requests: [...order.requests, { kind: 'cancel', clOrdId }] }

const requestReplace = (order: OrderState, { clOrdId, termsHash, change: c }: DataOf<'OrderReplaceRequested'>): OrderState => {
  const [orderQty, cashOrderQty] = [unitsOf(c.orderQty), unitsOf(c.cashOrderQty)]
  const request = { kind: 'replace', clOrdId, termsHash, change: { ...c, orderQty, cashOrderQty } } as const
  const next = { ...order, requests: [...order.requests, request] }
  return { ...next, ordStatus: statusOf(next) }
}

const refuseRequest = (order: OrderState, { clOrdId, ordStatus }: { clOrdId: string | null; ordStatus: OrdStatus }): OrderState =>
  clOrdId === null ? { ...order, ordStatus, cancelText: null } : { ...order, ordStatus, requests: withoutRequest(order, clOrdId) }

const replace = (order: OrderState, data: DataOf<'OrderReplaced'>): OrderState => {
  const next = { ...order, orderQty: unitsOf(data.orderQty), cashOrderQty: unitsOf(data.cashOrderQty) }
  return {
    ...next,
    price: data.price,
    stopPrice: data.stopPrice,
    reserved: { ...order.reserved, amount: order.reserved.amount + BigInt(data.reserved.amount) },
    ordStatus: data.ordStatus,
    lastClOrdId: data.clOrdId,
    requests: withoutRequest(order, data.clOrdId),
    // new terms: a resting order waits for a quote that meets them, and has all its tries before it
    executable: order.executable && isImmediate(order) && !isFilledBy(next, order.cumQty, order.cumQuote),
    failedAttempts: 0,
  }
}

const hold = (order: OrderState, more: string): OrderState => ({
  ...order,
  reserved: { ...order.reserved, amount: order.reserved.amount + BigInt(more) },
})

const unitsOf = (text: string | null): bigint | null => (text === null ? null : BigInt(text))

/** A stop is a market or limit order once it is triggered: the former goes at once, the latter when its limit is met, or never waits. */
const trigger = (order: OrderState, { condition, trigger }: DataOf<'OrderTriggered'>): OrderState => {
  if (condition !== 'stop') return { ...order, executable: true, reference: trigger.price }
  return { ...order, triggered: true, executable: order.price === null || isImmediate(order), reference: trigger.price }
}

const end = (order: OrderState, data: DataOf<'OrderCanceled'> | DataOf<'OrderExpired'>): OrderState => ({
  ...order,
  ordStatus: data.ordStatus,
  text: data.text,
  executable: false,
  held: false,
  cancelText: null,
  requests: withoutRequest(order, data.clOrdId),
  reserved: { ...order.reserved, amount: order.reserved.amount - BigInt(data.released.amount) },
})

const trade = (order: OrderState, data: DataOf<'TradeBooked'>): OrderState => {
  const [cumQty, cumQuote] = [order.cumQty + BigInt(data.lastQty), order.cumQuote + BigInt(data.lastQuote)]
  const filled = isFilledBy(order, cumQty, cumQuote)
  const answered = data.ordStatus === 'Filled'
  const spent = BigInt(order.side === 'buy' ? data.lastQuote : data.lastQty)
  return {
    ...order,
    // before version 6 a trade did not tell what was pending: a partial one leaves it so
    ordStatus: data.ordStatus === 'PartiallyFilled' && hasRequests(order) ? order.ordStatus : data.ordStatus,
    text: filled ? null : order.text,
    cumQty,
    cumQuote,
    reserved: { ...order.reserved, amount: order.reserved.amount - spent - BigInt(data.released.amount) },
    executable: !filled && order.executable && isImmediate(order),
    cancelText: answered ? null : order.cancelText,
  }
}

const untrade = (order: OrderState, data: DataOf<'TradeCanceled'>): OrderState => {
  const reserved = BigInt(data.reserved.amount)
  const cumQty = order.cumQty - BigInt(data.busted.qty)
  const staysEnded = isTerminal(order.ordStatus) && reserved === 0n
  const open = order.cancelText !== null ? 'PendingCancel' : cumQty > 0n ? 'PartiallyFilled' : 'New'
  return {
    ...order,
    ordStatus: data.ordStatus ?? (staysEnded ? order.ordStatus : open),
    cumQty,
    cumQuote: order.cumQuote - BigInt(data.busted.quote),
    reserved: { ...order.reserved, amount: order.reserved.amount + reserved },
    // the attempt is open again; should it expire, an immediate order goes on and a resting one waits for a quote
    executable: !staysEnded && isImmediate(order),
  }
}
