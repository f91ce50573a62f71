import { type AccountFact, accountProjection } from '../projection.ts'
import type { RowSets } from '../rows/rows.ts'
import type { Table } from '../rows/table.ts'
import { isTrade, tradesOf } from './executions.ts'
import { type Fifo, type Lot, NO_LOTS, tradeLots } from './fifo.ts'

export interface LotQueueRow extends Fifo {
  readonly accountId: string
  readonly symbol: string
  readonly baseDecimals: number
  readonly quoteDecimals: number
  readonly revision: bigint
  readonly position: bigint
}

/** The lot that a trade opened. A trade that opened none after all has run -1 and no quantity. */
export interface LotRow extends Lot {
  readonly accountId: string
  readonly symbol: string
  /** Of the trade. */
  readonly openedRevision: bigint
  readonly execId: string
  readonly openedAt: bigint
  readonly revision: bigint
  readonly position: bigint
}

export const lotQueuesTable: Table<LotQueueRow> = {
  name: 'lot_queues',
  columns: {
    accountId: ['account_id', 'text'],
    symbol: ['symbol', 'text'],
    run: ['run', 'integer'],
    side: ['side', 'text'],
    opened: ['opened', 'numeric'],
    openedQuote: ['opened_quote', 'numeric'],
    closed: ['closed', 'numeric'],
    closedQuote: ['closed_quote', 'numeric'],
    realized: ['realized', 'numeric'],
    baseDecimals: ['base_decimals', 'integer'],
    quoteDecimals: ['quote_decimals', 'integer'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'symbol'],
  loadBy: ['accountId', 'symbol'],
}

export const lotsTable: Table<LotRow> = {
  name: 'lots',
  columns: {
    accountId: ['account_id', 'text'],
    symbol: ['symbol', 'text'],
    openedRevision: ['opened_revision', 'bigint'],
    execId: ['exec_id', 'text'],
    run: ['run', 'integer'],
    side: ['side', 'text'],
    qty: ['qty', 'numeric'],
    quote: ['quote', 'numeric'],
    upTo: ['up_to', 'numeric'],
    quoteUpTo: ['quote_up_to', 'numeric'],
    openedAt: ['opened_at', 'bigint'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'symbol', 'openedRevision'],
  loadBy: ['accountId', 'symbol', 'openedRevision'],
}

/** First in, first out: the running totals of each symbol. A trade needs these alone, never the lots before it. Runs after the executions. */
export const lotQueues = accountProjection({
  table: lotQueuesTable,
  reads: ({ accountId, event }, want) => {
    if (isTrade(event)) want(lotQueuesTable, accountId, event.data.symbol)
  },
  apply: (fact, rows) => {
    const { accountId, event, revision, position } = fact
    if (!isTrade(event)) return
    const { symbol, side, baseDecimals, quoteDecimals } = event.data
    const put = (fifo: Fifo): void =>
      rows.of(lotQueuesTable).put({ ...totalsOf(fifo), accountId, symbol, baseDecimals, quoteDecimals, revision, position })
    if (event.type === 'TradeCanceled') return put(tradeAgain(fact, symbol, rows))
    const before = rows.of(lotQueuesTable).get(accountId, symbol) ?? NO_LOTS
    const { fifo, lot } = tradeLots(before, side, BigInt(event.data.lastQty), BigInt(event.data.lastQuote))
    put(fifo)
    const { execId, at } = event.data
    if (lot)
      rows.of(lotsTable).put({ ...lot, accountId, symbol, execId, openedRevision: revision, openedAt: BigInt(at), revision, position })
  },
})

/** Rows are written by `lotQueues`, which sees the trade and its lot in one. */
export const lots = accountProjection({ table: lotsTable, apply: () => undefined })

/** A queue without the row's own fields. */
export const totalsOf = ({ run, side, opened, openedQuote, closed, closedQuote, realized }: Fifo): Fifo => ({
  run,
  side,
  opened,
  openedQuote,
  closed,
  closedQuote,
  realized,
})

const NO_LOT = { run: -1, qty: 0n, quote: 0n, upTo: 0n, quoteUpTo: 0n } as const

/**
 * Which trade closes which lot depends on all of them, so a canceled one is not subtracted: the others are traded again from the start, and every
 * lot of the symbol is written anew. That makes it exactly as if it had never been; vanished transactions are rare enough for the cost.
 */
const tradeAgain = ({ accountId, revision, position }: AccountFact, symbol: string, rows: RowSets): Fifo => {
  const table = rows.of(lotsTable)
  let fifo = NO_LOTS
  for (const trade of tradesOf(rows, accountId, symbol)) {
    const { execId, eventRevision, at } = trade
    const after = trade.busted ? { fifo, lot: undefined } : tradeLots(fifo, trade.side, trade.qty, trade.quote)
    fifo = after.fifo
    const lot: Lot = after.lot ?? { ...NO_LOT, side: trade.side }
    table.put({ ...lot, accountId, symbol, execId, openedRevision: eventRevision, openedAt: at, revision, position })
  }
  return fifo
}
