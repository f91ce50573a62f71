import { accountProjection } from '../projection.ts'
import type { RowSets } from '../rows/rows.ts'
import type { Table } from '../rows/table.ts'
import { addTrade, FLAT, type Holding } from './average-cost.ts'
import { isTrade, tradesOf } from './executions.ts'

export interface PositionRow extends Holding {
  readonly accountId: string
  readonly symbol: string
  readonly baseDecimals: number
  readonly quoteDecimals: number
  readonly revision: bigint
  readonly position: bigint
}

export const positionsTable: Table<PositionRow> = {
  name: 'positions',
  columns: {
    accountId: ['account_id', 'text'],
    symbol: ['symbol', 'text'],
    qty: ['qty', 'numeric'],
    cost: ['cost', 'numeric'],
    realized: ['realized', 'numeric'],
    baseDecimals: ['base_decimals', 'integer'],
    quoteDecimals: ['quote_decimals', 'integer'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'symbol'],
  loadBy: ['accountId', 'symbol'],
}

/** What each account holds by trading, at average cost. Runs after the executions. */
export const positions = accountProjection({
  table: positionsTable,
  reads: ({ accountId, event }, want) => {
    if (isTrade(event)) want(positionsTable, accountId, event.data.symbol)
  },
  apply: ({ accountId, event, revision, position }, rows) => {
    if (!isTrade(event)) return
    const { symbol, side, baseDecimals, quoteDecimals } = event.data
    const table = rows.of(positionsTable)
    const { qty, cost, realized } =
      event.type !== 'TradeCanceled'
        ? addTrade(table.get(accountId, symbol) ?? FLAT, side, BigInt(event.data.lastQty), BigInt(event.data.lastQuote))
        : tradedWithoutBusted(rows, accountId, symbol)
    table.put({ accountId, symbol, qty, cost, realized, baseDecimals, quoteDecimals, revision, position })
  },
})

/**
 * Average cost depends on the order of trades, so a trade cannot be subtracted afterwards: what is left is traded again from the start.
 * Vanished transactions are rare, and the executions projection has all of the symbol loaded for them.
 */
const tradedWithoutBusted = (rows: RowSets, accountId: string, symbol: string): Holding =>
  tradesOf(rows, accountId, symbol)
    .filter(({ busted }) => !busted)
    .reduce<Holding>((held, { side, qty, quote }) => addTrade(held, side, qty, quote), FLAT)
