import type { DataOf } from '../../events/account/account-event.ts'
import { isTerminal, type OrderType, type OrdStatus, type Side, type TimeInForce } from '../../events/fields.ts'
import { isPlain, PLAIN, type RareFacts, rareTermsOf } from '../../events/order-terms.ts'
import { parseOrderId } from '../../events/streams.ts'
import { type AccountFact, accountProjection, required } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface OrderRow {
  readonly accountId: string
  readonly number: bigint
  readonly clOrdId: string
  readonly symbol: string
  readonly side: Side
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  readonly ordStatus: OrdStatus
  /** Base units; null for an order by cash, whose quote units are in cashOrderQty. */
  readonly orderQty: bigint | null
  readonly cashOrderQty: bigint | null
  readonly cumQty: bigint
  readonly cumQuote: bigint
  readonly price: string | null
  /** The RareFacts as JSON; null for a plain order. */
  readonly rare: string | null
  readonly text: string | null
  readonly baseDecimals: number
  readonly quoteDecimals: number
  /** Null for a rejected order: nothing was reserved. */
  readonly reservedAsset: string | null
  /** What the order still holds; zero once it has ended, or a compensation is due. */
  readonly reserved: bigint
  readonly acceptedAt: bigint
  readonly revision: bigint
  readonly position: bigint
}

export const ordersTable: Table<OrderRow> = {
  name: 'orders',
  columns: {
    accountId: ['account_id', 'text'],
    number: ['number', 'bigint'],
    clOrdId: ['cl_ord_id', 'text'],
    symbol: ['symbol', 'text'],
    side: ['side', 'text'],
    type: ['type', 'text'],
    timeInForce: ['time_in_force', 'text'],
    ordStatus: ['ord_status', 'text'],
    orderQty: ['order_qty', 'numeric'],
    cashOrderQty: ['cash_order_qty', 'numeric'],
    cumQty: ['cum_qty', 'numeric'],
    cumQuote: ['cum_quote', 'numeric'],
    price: ['price', 'text'],
    rare: ['rare', 'text'],
    text: ['text', 'text'],
    baseDecimals: ['base_decimals', 'integer'],
    quoteDecimals: ['quote_decimals', 'integer'],
    reservedAsset: ['reserved_asset', 'text'],
    reserved: ['reserved', 'numeric'],
    acceptedAt: ['accepted_at', 'bigint'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'number'],
  loadBy: ['accountId', 'number'],
}

/** The number of the order that an event is about; undefined for other events. @throws when the order is another account's */
export const orderNumberOf = ({ event, accountId }: AccountFact): bigint | undefined => {
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
    case 'TradeCanceled': {
      const order = parseOrderId(event.data.orderId)
      if (order?.accountId !== accountId) throw new Error(`order ${event.data.orderId} is not of account ${accountId}`)
      return BigInt(order.number)
    }
    default:
      return undefined
  }
}

/** Every order with the values of its document. */
export const orders = accountProjection({
  table: ordersTable,
  reads: (fact, want, born) => {
    const number = orderNumberOf(fact)
    if (number === undefined) return
    const opens = fact.event.type === 'OrderAccepted' || fact.event.type === 'OrderRejected'
    const look = opens ? born : want
    look(ordersTable, fact.accountId, number)
  },
  apply: (fact, rows) => {
    const number = orderNumberOf(fact)
    if (number === undefined) return
    const table = rows.of(ordersTable)
    table.put({ ...next(table.get(fact.accountId, number), number, fact), revision: fact.revision, position: fact.position })
  },
})

type Facts = Omit<OrderRow, 'revision' | 'position'>

const next = (before: OrderRow | undefined, number: bigint, { event, accountId }: AccountFact): Facts => {
  if (event.type === 'OrderAccepted') return opened(accountId, event.data, 'New')
  if (event.type === 'OrderRejected') return opened(accountId, event.data, 'Rejected')
  const order = required(before, `order ${accountId}.${number}`)
  switch (event.type) {
    case 'OrderTrailed':
      return { ...order, rare: packed({ ...rareFactsOf(order), stopPrice: event.data.stopPrice }) }
    case 'OrderCancelRequested':
      return { ...order, ordStatus: 'PendingCancel' }
    case 'OrderReplaceRequested':
      return { ...order, ordStatus: order.ordStatus === 'PendingCancel' ? 'PendingCancel' : 'PendingReplace' }
    case 'OrderCancelRejected':
    case 'OrderReplaceRejected':
      return { ...order, ordStatus: event.data.ordStatus }
    case 'OrderReleased':
      return { ...order, orderQty: units(event.data.orderQty), reserved: order.reserved + BigInt(event.data.reserved.amount) }
    case 'OrderReservationMoved':
      return { ...order, reserved: order.reserved + BigInt(event.data.reserved.amount) }
    case 'OrderReplaced':
      return replaced(order, event.data)
    case 'OrderCanceled':
    case 'OrderExpired': {
      const { text, released, ordStatus } = event.data
      return { ...order, ordStatus, text, reserved: order.reserved - BigInt(released.amount) }
    }
    case 'TradeBooked':
      return traded(order, event.data)
    case 'TradeCanceled':
      return busted(order, event.data)
    default:
      return order
  }
}

/** The order's rare facts as they stand. */
export const rareFactsOf = ({ rare }: Pick<OrderRow, 'rare'>): RareFacts =>
  rare === null ? { ...PLAIN, lastClOrdId: null } : (JSON.parse(rare) as RareFacts)

const packed = (facts: RareFacts): string | null =>
  isPlain(facts) && facts.lastClOrdId === null ? null : JSON.stringify({ ...rareTermsOf(facts), lastClOrdId: facts.lastClOrdId })

const replaced = (order: OrderRow, data: DataOf<'OrderReplaced'>): Facts => ({
  ...order,
  ordStatus: data.ordStatus,
  orderQty: units(data.orderQty),
  cashOrderQty: units(data.cashOrderQty),
  price: data.price,
  rare: packed({ ...rareFactsOf(order), stopPrice: data.stopPrice, lastClOrdId: data.clOrdId }),
  reserved: order.reserved + BigInt(data.reserved.amount),
})

const units = (text: string | null): bigint | null => (text === null ? null : BigInt(text))

const opened = (accountId: string, data: DataOf<'OrderAccepted'> | DataOf<'OrderRejected'>, ordStatus: 'New' | 'Rejected'): Facts => ({
  accountId,
  number: BigInt(data.number),
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
  rare: packed({ ...data, lastClOrdId: null }),
  text: 'text' in data ? data.text : null,
  baseDecimals: data.instrument.baseDecimals,
  quoteDecimals: data.instrument.quoteDecimals,
  reservedAsset: 'reserved' in data ? data.reserved.asset : null,
  reserved: 'reserved' in data ? BigInt(data.reserved.amount) : 0n,
  acceptedAt: BigInt(data.at),
})

const traded = (order: OrderRow, data: DataOf<'TradeBooked'>): Facts => {
  // before version 6 a trade did not tell what was pending: a partial fill leaves it so
  const pending = order.ordStatus === 'PendingCancel' && data.ordStatus === 'PartiallyFilled'
  const paid = BigInt(data.side === 'buy' ? data.lastQuote : data.lastQty)
  return {
    ...order,
    ordStatus: pending ? 'PendingCancel' : data.ordStatus,
    text: data.ordStatus === 'Filled' ? null : order.text,
    cumQty: order.cumQty + BigInt(data.lastQty),
    cumQuote: order.cumQuote + BigInt(data.lastQuote),
    reserved: order.reserved - paid - BigInt(data.released.amount),
  }
}

/** A filled order whose trade vanished is open again; one that had ended otherwise stays ended. */
const busted = (order: OrderRow, data: DataOf<'TradeCanceled'>): Facts => {
  const cumQty = order.cumQty - BigInt(data.busted.qty)
  const stays = (isTerminal(order.ordStatus) && order.ordStatus !== 'Filled') || order.ordStatus === 'PendingCancel'
  return {
    ...order,
    ordStatus: data.ordStatus ?? (stays ? order.ordStatus : cumQty > 0n ? 'PartiallyFilled' : 'New'),
    cumQty,
    cumQuote: order.cumQuote - BigInt(data.busted.quote),
    reserved: order.reserved + BigInt(data.reserved.amount),
  }
}
