import type { Decision } from '../../commands/account/command.ts'
import { leavesQtyOf, type OrderState } from '../../commands/order/order-state.ts'
import { averagePrice, formatPrice, formatUnits } from '../../platform/decimal.ts'
import type { Desk, Entry } from './desk.ts'
import { BASE, QUOTE } from './terms.ts'

/** One line of the run, as fix/compare.mjs takes it. */
export interface Line {
  readonly id: string
  readonly step: number
  readonly order: string
  readonly ordStatus: string | null
  readonly execType?: string
  readonly orderQty: string
  readonly cumQty: string
  readonly leavesQty: string
  readonly lastQty?: string
  readonly avgPx: string
  readonly cxlRejReason?: string
  readonly error?: string
}

export type View = Pick<Line, 'ordStatus' | 'orderQty' | 'cumQty' | 'leavesQty' | 'avgPx'>

/** No such order: OrderID NONE. */
export const NO_ORDER: View = { ordStatus: null, orderQty: '0', cumQty: '0', leavesQty: '0', avgPx: '0' }

export const viewOf = (order: OrderState): View => {
  const units = (amount: bigint): string => formatUnits(amount, BASE.decimals)
  // an order that has ended has nothing left, also while a replace of it waits for its refusal
  const leaves = order.text !== null ? 0n : leavesQtyOf(order)
  return {
    ordStatus: order.ordStatus,
    orderQty: units(order.orderQty ?? order.cumQty),
    cumQty: units(order.cumQty),
    leavesQty: units(leaves ?? 0n),
    avgPx: formatPrice(averagePrice(order.cumQuote, order.cumQty, BASE.decimals, QUOTE.decimals)),
  }
}

const EXEC_TYPES: Readonly<Record<string, string>> = {
  OrderAccepted: 'New',
  OrderRejected: 'Rejected',
  OrderCancelRequested: 'PendingCancel',
  OrderReplaceRequested: 'PendingReplace',
  OrderReplaced: 'Replaced',
  OrderCanceled: 'Canceled',
  OrderExpired: 'Expired',
  TradeBooked: 'Trade',
  TradeCanceled: 'TradeCancel',
}

/** An ExecType and the ClOrdID of its request, if it answers one. */
const execTypeOf = ({ event }: Entry): string | undefined => EXEC_TYPES[event.type]
const requestOf = ({ event }: Entry): string | null => ('clOrdId' in event.data ? event.data.clOrdId : null)

/** The events of an order as a counterparty is told of them: each once, never an older state after a newer one. */
export const createReports = (desk: Desk) => {
  const told = new Set<Entry>()
  let newest = -1
  const find = (number: number, matches: (entry: Entry) => boolean): Entry | undefined =>
    desk.log().find((entry) => !told.has(entry) && entry.order?.number === number && matches(entry))

  const tell = (entry: Entry): OrderState | undefined => {
    told.add(entry)
    newest = Math.max(newest, desk.log().indexOf(entry))
    return desk.log()[newest]?.order
  }

  return {
    /** What happens meanwhile is not told: it leaves the order as it was. */
    leaveOut: (happen: () => void): void => {
      const from = desk.log().length
      happen()
      for (const entry of desk.log().slice(from)) told.add(entry)
    },
    /** The next untold report of this ExecType, of a request where one is named, with the order as it is to be shown. */
    execution: (number: number, execType: string, request?: string): { readonly entry: Entry; readonly order: OrderState } | undefined => {
      const entry = find(number, (e) => execTypeOf(e) === execType && (request === undefined || requestOf(e) === request))
      const order = entry && tell(entry)
      return entry && order ? { entry, order } : undefined
    },
    /** The untold OrderCancelReject of a request. */
    refusal: (number: number, request: string) => {
      const entry = find(number, ({ event }) => isRefusal(event.type) && 'clOrdId' in event.data && event.data.clOrdId === request)
      const order = entry && tell(entry)
      if (!entry || !order || !('cxlRejReason' in entry.event.data)) return undefined
      return { order, cxlRejReason: entry.event.data.cxlRejReason as string }
    },
  }
}
export type Reports = ReturnType<typeof createReports>

const isRefusal = (type: string): boolean => type === 'OrderCancelRejected' || type === 'OrderReplaceRejected'

/** Why a request was refused at once; undefined when it was not. */
export const refusedFor = ({ answer }: Decision): string | undefined => {
  if (answer.kind !== 'refused') return undefined
  return String(answer.refusal.extra?.cxlRejReason ?? answer.refusal.code)
}
