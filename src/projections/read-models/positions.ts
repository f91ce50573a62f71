import type { Side } from '../../events/fields.ts'
import type { PoolClient } from '../../platform/postgres.ts'
import { accountProjection } from '../projection.ts'
import type { RowSets } from '../writing/rows.ts'
import type { Table } from '../writing/table.ts'
import { addTrade, FLAT, type Holding } from './average-cost.ts'

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

/** What each account holds by trading, at average cost. A canceled trade is taken out by `retradePositions` before the batch is written. */
export const positions = accountProjection({
  table: positionsTable,
  reads: ({ accountId, event }, want) => {
    if (event.type === 'TradeBooked' || event.type === 'TradeCanceled') want(positionsTable, accountId, event.data.symbol)
  },
  apply: ({ accountId, event, revision, position }, rows) => {
    if (event.type !== 'TradeBooked' && event.type !== 'TradeCanceled') return
    const { symbol, side, baseDecimals, quoteDecimals } = event.data
    const table = rows.of(positionsTable)
    const held: Holding = table.get(accountId, symbol) ?? FLAT
    const { qty, cost, realized } =
      event.type === 'TradeBooked' ? addTrade(held, side, BigInt(event.data.lastQty), BigInt(event.data.lastQuote)) : held
    table.put({ accountId, symbol, qty, cost, realized, baseDecimals, quoteDecimals, revision, position })
  },
})

// Average cost depends on the order of trades, so a trade cannot be subtracted afterwards: what is left is traded again from the start.
// Vanished transactions are rare; the executions of one account and symbol are an index range.
const TRADES_LEFT = `
  SELECT side, qty, quote FROM executions
  WHERE account_id = $1 AND symbol = $2 AND exec_type = 'Trade' AND NOT busted
  ORDER BY event_revision`

/** Computes anew the positions that lost a trade in this batch. The batch's executions must have been written in the same transaction. */
export const retradePositions = async (client: PoolClient, rows: RowSets, lost: Iterable<readonly [accountId: string, symbol: string]>) => {
  const table = rows.of(positionsTable)
  for (const [accountId, symbol] of lost) {
    const row = table.get(accountId, symbol)
    if (!row) continue
    const trades = await client.query<{ side: Side; qty: bigint; quote: bigint }>({
      name: 'position-trades',
      text: TRADES_LEFT,
      values: [accountId, symbol],
    })
    table.put({ ...row, ...trades.rows.reduce<Holding>((held, t) => addTrade(held, t.side, t.qty, t.quote), FLAT) })
  }
}
