import { parseOrderId } from '../../events/streams.ts'
import { type AccountFact, accountProjection, required } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface TradingFeeRow {
  readonly accountId: string
  readonly orderNumber: bigint
  readonly asset: string
  /** Base units charged for the order's trades, without those that were busted. */
  readonly amount: bigint
  readonly bps: number
  readonly tier: number
  readonly scheduleStream: string
  readonly scheduleVersion: number
  readonly revision: bigint
  readonly position: bigint
}

const tradingFeesTable: Table<TradingFeeRow> = {
  name: 'trading_fees',
  columns: {
    accountId: ['account_id', 'text'],
    orderNumber: ['order_number', 'bigint'],
    asset: ['asset', 'text'],
    amount: ['amount', 'numeric'],
    bps: ['bps', 'integer'],
    tier: ['tier', 'integer'],
    scheduleStream: ['schedule_stream', 'text'],
    scheduleVersion: ['schedule_version', 'integer'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'orderNumber'],
  loadBy: ['accountId', 'orderNumber'],
}

/** What each order was charged, by the one schedule that it was accepted under. */
export const tradingFees = accountProjection({
  table: tradingFeesTable,
  reads: (fact, want) => {
    const number = chargedOrder(fact)
    if (number !== undefined) want(tradingFeesTable, fact.accountId, number)
  },
  apply: (fact, rows) => {
    const orderNumber = chargedOrder(fact)
    if (orderNumber === undefined) return
    const { accountId, event, revision, position } = fact
    const table = rows.of(tradingFeesTable)
    const before = table.get(accountId, orderNumber)
    if (event.type === 'LedgerFeeCharged') {
      const { asset, fee } = event.data
      const amount = (before?.amount ?? 0n) + BigInt(event.data.amount)
      const schedule = { bps: fee.bps, tier: fee.tier, scheduleStream: fee.schedule.streamId, scheduleVersion: fee.schedule.version }
      table.put({ accountId, orderNumber, asset, amount, ...schedule, revision, position })
    } else if (event.type === 'LedgerFeeReversed') {
      const charged = required(before, `the fee of ${event.data.orderId}`)
      table.put({ ...charged, amount: charged.amount - BigInt(event.data.amount), revision, position })
    }
  },
})

const chargedOrder = ({ event }: AccountFact): bigint | undefined =>
  event.type === 'LedgerFeeCharged' || event.type === 'LedgerFeeReversed'
    ? BigInt(required(parseOrderId(event.data.orderId), 'the order of the fee').number)
    : undefined
