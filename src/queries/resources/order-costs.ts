import { z } from 'zod'
import { orderIdOf, parseOrderId } from '../../events/streams.ts'
import { formatUnits } from '../../platform/decimal.ts'
import type { Route } from '../../platform/http/route.ts'
import { decimalsOf } from '../asset-decimals.ts'
import { type ReaderDeps, readAccount } from '../reader.ts'
import { OrderIdText, ReadQuery } from '../request/parameters.ts'
import { accountRead, dataReply, notFound } from './account-read.ts'

interface CostsRow {
  readonly baseFee: bigint
  readonly priorityFee: bigint
  readonly tip: bigint
  readonly rent: bigint
  readonly failed: bigint
  readonly feeAsset: string | null
  readonly feeAmount: bigint | null
  readonly bps: number | null
  readonly tier: number | null
  readonly scheduleStream: string | null
  readonly scheduleVersion: number | null
}

/** What transactions are paid in. */
const NATIVE = 'SOL'

// Three looks at primary keys: the order, the few attempts of it, its trading fee. A vanished attempt costs nothing, as in the ledger.
const BY_NUMBER = {
  name: 'order-costs',
  text: `
    SELECT true AS "found", t.*, f.asset AS "feeAsset", f.amount AS "feeAmount", f.bps, f.tier,
      f.schedule_stream AS "scheduleStream", f.schedule_version AS "scheduleVersion"
    FROM orders o
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(fee - priority_fee) FILTER (WHERE status = 'landed'), 0) AS "baseFee",
        coalesce(sum(priority_fee) FILTER (WHERE status = 'landed'), 0) AS "priorityFee",
        coalesce(sum(tip) FILTER (WHERE status = 'landed'), 0) AS "tip",
        coalesce(sum(rent) FILTER (WHERE status = 'landed'), 0) AS "rent",
        coalesce(sum(fee) FILTER (WHERE status = 'failed'), 0) AS "failed"
      FROM transactions WHERE account_id = $1 AND ref = $3::text
    ) t
    LEFT JOIN trading_fees f ON f.account_id = $1 AND f.order_number = o.number
    WHERE o.account_id = $1 AND o.number = $3::text::bigint`,
}

/** GET /v1/orders/:orderId/costs: what the order has cost so far, part by part, and the total for each asset. Network costs are the platform's, in SOL; the trading fee is the trader's. */
export const orderCostsRoute = (deps: ReaderDeps): Route =>
  accountRead(deps, {
    path: '/v1/orders/:orderId/costs',
    params: z.object({ orderId: OrderIdText }),
    query: ReadQuery,
    accountOf: ({ orderId }) => parseOrderId(orderId!)!.accountId,
    answer: async ({ accountId, shard, params }) => {
      const { number } = parseOrderId(params.orderId!)!
      const read = await readAccount<CostsRow>(shard, accountId, BY_NUMBER, [String(number)])
      if ('refusal' in read) return read
      const row = read.rows[0]
      if (!row) return notFound(read, 'no such order')
      const decimals = await decimalsOf(deps.instruments, shard.pool, [NATIVE, ...(row.feeAsset === null ? [] : [row.feeAsset])])
      const costs = costsDocument(row, decimals)
      return dataReply({ orderId: orderIdOf(accountId, number), ...costs }, read)
    },
  })

const costsDocument = (row: CostsRow, decimals: ReadonlyMap<string, number>) => {
  const units = (value: bigint | string): bigint => BigInt(value)
  const amount = (asset: string, value: bigint): string => formatUnits(value, decimals.get(asset)!)
  const network = [row.baseFee, row.priorityFee, row.tip, row.rent, row.failed].map(units)
  const [baseFee, priorityFee, tip, rent, failedFees] = network.map((value) => amount(NATIVE, value))
  const totals = new Map([[NATIVE, network.reduce((sum, value) => sum + value, 0n)]])
  const { feeAsset } = row
  const fee = units(row.feeAmount ?? 0n)
  if (feeAsset !== null) totals.set(feeAsset, (totals.get(feeAsset) ?? 0n) + fee)
  return {
    network: { asset: NATIVE, baseFee, priorityFee, tip, rent, failedFees },
    tradingFee:
      feeAsset === null
        ? null
        : {
            asset: feeAsset,
            amount: amount(feeAsset, fee),
            bps: row.bps,
            tier: row.tier,
            schedule: { streamId: row.scheduleStream, version: row.scheduleVersion },
          },
    total: [...totals].map(([asset, value]) => ({ asset, amount: amount(asset, value) })),
  }
}
