import { accountProjection, required } from '../projection.ts'
import type { Table } from '../rows/table.ts'
import { orderNumberOf } from './orders.ts'

export interface OrderClientIdRow {
  readonly accountId: string
  readonly clOrdId: string
  readonly orderNumber: bigint
  readonly revision: bigint
  readonly position: bigint
}

const orderClientIdsTable: Table<OrderClientIdRow> = {
  name: 'order_client_ids',
  columns: {
    accountId: ['account_id', 'text'],
    clOrdId: ['cl_ord_id', 'text'],
    orderNumber: ['order_number', 'bigint'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'clOrdId'],
  loadBy: ['accountId', 'clOrdId'],
}

/** The ClOrdIDs that accepted replaces gave to orders; the newest order that had one is meant. */
export const orderClientIds = accountProjection({
  table: orderClientIdsTable,
  apply: (fact, rows) => {
    const { accountId, event, revision, position } = fact
    if (event.type !== 'OrderReplaced') return
    const orderNumber = required(orderNumberOf(fact), 'the order that was replaced')
    rows.of(orderClientIdsTable).put({ accountId, clOrdId: event.data.clOrdId, orderNumber, revision, position })
  },
})
