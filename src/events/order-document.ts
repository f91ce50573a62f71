import { averagePrice, formatPrice, formatUnits } from '../platform/decimal.ts'
import { isTerminal, type OrderType, type OrdStatus, type Side, type TimeInForce } from './fields.ts'
import { type RareFacts, rareDocument } from './order-terms.ts'

/** An order's values from which both sides of the system build the same answer. */
export interface OrderFacts extends RareFacts {
  readonly orderId: string
  readonly accountId: string
  readonly clOrdId: string
  readonly symbol: string
  readonly side: Side
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  readonly ordStatus: OrdStatus
  /** Base units; null for an order by cash. */
  readonly orderQty: bigint | null
  /** Quote units; null for an order by quantity. */
  readonly cashOrderQty: bigint | null
  readonly cumQty: bigint
  readonly cumQuote: bigint
  readonly price: string | null
  readonly text: string | null
  readonly baseDecimals: number
  readonly quoteDecimals: number
  /** Commit position of the order's last event. */
  readonly position: string
}

/** The order as HTTP answers it (contract: decimal strings; LeavesQty is 0 once terminal; a cash order's quantities are null until then). */
export const orderDocument = (o: OrderFacts) => {
  const ended = isTerminal(o.ordStatus)
  const base = (units: bigint): string => formatUnits(units, o.baseDecimals)
  const orderQty = o.orderQty !== null ? base(o.orderQty) : ended ? base(o.cumQty) : null
  const leavesQty = ended ? '0' : o.orderQty !== null ? base(o.orderQty - o.cumQty) : null
  return {
    orderId: o.orderId,
    accountId: o.accountId,
    clOrdId: o.clOrdId,
    symbol: o.symbol,
    side: o.side,
    type: o.type,
    timeInForce: o.timeInForce,
    ordStatus: o.ordStatus,
    orderQty,
    ...(o.cashOrderQty !== null ? { cashOrderQty: formatUnits(o.cashOrderQty, o.quoteDecimals) } : {}),
    cumQty: base(o.cumQty),
    leavesQty,
    avgPx: formatPrice(averagePrice(o.cumQuote, o.cumQty, o.baseDecimals, o.quoteDecimals)),
    ...(o.price !== null ? { price: o.price } : {}),
    ...rareDocument(o),
    ...(o.text !== null ? { text: o.text } : {}),
    position: o.position,
  }
}
