import type { AccountEvent } from '../../events/account/account-event.ts'
import type { Side } from '../../events/fields.ts'
import { parseOrderId } from '../../events/streams.ts'
import { type AccountFact, accountProjection, type Fact, required } from '../projection.ts'
import type { RowSets } from '../rows/rows.ts'
import type { Table } from '../rows/table.ts'

export interface ExecutionRow {
  readonly accountId: string
  readonly execId: string
  readonly orderNumber: bigint
  readonly execType: 'Trade' | 'TradeCancel'
  readonly symbol: string
  readonly side: Side
  readonly baseDecimals: number
  readonly quoteDecimals: number
  /** Base and quote units executed, or reversed by a TradeCancel. */
  readonly qty: bigint
  readonly quote: bigint
  /** The Trade that a TradeCancel reverses. */
  readonly execRefId: string | null
  /** A Trade that a TradeCancel has reversed. */
  readonly busted: boolean
  readonly signature: string
  readonly at: bigint
  /** Of the event that is this execution; `revision` moves on when it is busted, `position` does not. */
  readonly eventRevision: bigint
  readonly revision: bigint
  readonly position: bigint
}

export const executionsTable: Table<ExecutionRow> = {
  name: 'executions',
  columns: {
    accountId: ['account_id', 'text'],
    execId: ['exec_id', 'text'],
    orderNumber: ['order_number', 'bigint'],
    execType: ['exec_type', 'text'],
    symbol: ['symbol', 'text'],
    side: ['side', 'text'],
    baseDecimals: ['base_decimals', 'integer'],
    quoteDecimals: ['quote_decimals', 'integer'],
    qty: ['qty', 'numeric'],
    quote: ['quote', 'numeric'],
    execRefId: ['exec_ref_id', 'text'],
    busted: ['busted', 'boolean'],
    signature: ['signature', 'text'],
    at: ['at', 'bigint'],
    eventRevision: ['event_revision', 'bigint'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'execId'],
  // a canceled trade is taken out of the position by trading the others again: all of them are needed then
  loadBy: ['accountId', 'symbol'],
}

/** Trades and the cancels of vanished ones, as FIX ExecutionReports tell them. */
export const executions = accountProjection({
  table: executionsTable,
  reads: ({ accountId, event }, want) => {
    if (event.type === 'TradeCanceled') want(executionsTable, accountId, event.data.symbol)
  },
  apply: (fact, rows) => {
    const { accountId, event, revision } = fact
    const table = rows.of(executionsTable)
    if (event.type === 'TradeBooked' || event.type === 'TradeOverfilled') {
      const { lastQty, lastQuote, signature } = event.data
      table.put(executionOf(fact, event.data, 'Trade', BigInt(lastQty), BigInt(lastQuote), null, signature))
    } else if (event.type === 'TradeCanceled') {
      const { execRefId, busted } = event.data
      const trade = required(table.get(accountId, execRefId), `execution ${execRefId}`)
      table.put({ ...trade, busted: true, revision })
      table.put(executionOf(fact, event.data, 'TradeCancel', BigInt(busted.qty), BigInt(busted.quote), execRefId, trade.signature))
    }
  },
})

interface Traded {
  readonly orderId: string
  readonly execId: string
  readonly symbol: string
  readonly side: Side
  readonly baseDecimals: number
  readonly quoteDecimals: number
  readonly at: number
}

const executionOf = (
  { accountId, revision, position }: AccountFact,
  { execId, orderId, symbol, side, baseDecimals, quoteDecimals, at }: Traded,
  execType: ExecutionRow['execType'],
  qty: bigint,
  quote: bigint,
  execRefId: string | null,
  signature: string,
): ExecutionRow => ({
  accountId,
  execId,
  orderNumber: BigInt(required(parseOrderId(orderId), 'the order of the execution').number),
  execType,
  symbol,
  side,
  baseDecimals,
  quoteDecimals,
  qty,
  quote,
  execRefId,
  busted: false,
  signature,
  at: BigInt(at),
  eventRevision: revision,
  revision,
  position,
})

/** All trades of a symbol in their order, busted ones included: loaded whenever one of them is canceled. */
export const tradesOf = (rows: RowSets, accountId: string, symbol: string): readonly ExecutionRow[] =>
  rows
    .of(executionsTable)
    .group(accountId, symbol)
    .filter((one) => one.execType === 'Trade')
    .sort((a, b) => (a.eventRevision < b.eventRevision ? -1 : 1))

/** What changes a position: executions, those beyond their order too, and their cancels. */
export const isTrade = (
  event: Fact['event'],
): event is Extract<AccountEvent, { type: 'TradeBooked' | 'TradeOverfilled' | 'TradeCanceled' }> =>
  event.type === 'TradeBooked' || event.type === 'TradeOverfilled' || event.type === 'TradeCanceled'
