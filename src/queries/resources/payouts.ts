import { z } from 'zod'
import { formatUnits } from '../../platform/decimal.ts'
import type { Reply, Route } from '../../platform/http/route.ts'
import { type PayoutRow, payoutsTable } from '../../projections/read-models/payouts.ts'
import { selectList } from '../../projections/rows/table.ts'
import { decimalsOf } from '../asset-decimals.ts'
import { type ReaderDeps, type ReadShard, readAccount } from '../reader.ts'
import { AccountIdText, ClientIdText, ReadQuery } from '../request/parameters.ts'
import type { Shard } from '../shards/shards.ts'
import { accountListRoute } from './account-list.ts'
import { accountRead, dataReply, notFound } from './account-read.ts'

// Walks down the primary key; withdrawals are `w-…`, transfers `r-…` and `t-…`, which lie side by side.
const byRef = (name: string, from: string, below: string) => ({
  name,
  text: `
    SELECT true AS "found", ${selectList(payoutsTable, 'p')} FROM payouts p
    WHERE p.account_id = $1 AND p.ref > $3 AND p.ref >= '${from}' AND p.ref < '${below}' ORDER BY p.ref LIMIT $4::integer`,
})
const ONE = {
  name: 'payout-by-ref',
  text: `SELECT true AS "found", ${selectList(payoutsTable, 'p')} FROM payouts p WHERE p.account_id = $1 AND p.ref = $3`,
}

/** GET /v1/accounts/:accountId/withdrawals and …/transfers (sent and received), by id. */
export const payoutListRoutes = (deps: ReaderDeps): readonly Route[] =>
  [byRef('withdrawals', 'w-', 'w.'), byRef('transfers', 'r-', 't.')].map((sql) =>
    accountListRoute<PayoutRow, [string]>(deps, {
      name: sql.name,
      sql,
      key: z.tuple([z.string()]),
      start: [''],
      keyOf: (row) => [row.ref],
      documents: (rows, shard) => payoutDocuments(deps, shard, rows),
    }),
  )

/** GET /v1/accounts/:accountId/withdrawals/:id and …/transfers/:id (one that the account sent). */
export const payoutRoutes = (deps: ReaderDeps): readonly Route[] =>
  [['withdrawals', 'w-'] as const, ['transfers', 't-'] as const].map(([name, prefix]) =>
    accountRead(deps, {
      path: `/v1/accounts/:accountId/${name}/:id`,
      params: z.object({ accountId: AccountIdText, id: ClientIdText }),
      query: ReadQuery,
      accountOf: ({ accountId }) => accountId!,
      answer: ({ accountId, shard, params }) => payoutReply(deps, shard, accountId, `${prefix}${params.id}`),
    }),
  )

/** One withdrawal or transfer by its ref. */
export const payoutReply = async (deps: ReaderDeps, shard: ReadShard, accountId: string, ref: string): Promise<Reply> => {
  const read = await readAccount<PayoutRow>(shard, accountId, ONE, [ref])
  if ('refusal' in read) return read
  const [document] = await payoutDocuments(deps, shard, read.rows)
  return document ? dataReply(document, read) : notFound(read, `no such ${ref.startsWith('w-') ? 'withdrawal' : 'transfer'}`)
}

const payoutDocuments = async ({ instruments }: ReaderDeps, { pool }: Shard, rows: readonly PayoutRow[]) => {
  const decimals = await decimalsOf(
    instruments,
    pool,
    rows.map((row) => row.asset),
  )
  return rows.map((row) => ({
    ...idsOf(row),
    asset: row.asset,
    amount: formatUnits(row.amount, row.decimals ?? decimals.get(row.asset)!),
    status: row.status,
    ...(row.signature === null ? {} : { signature: row.signature }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    position: String(row.position),
  }))
}

const idsOf = ({ accountId, kind, payoutId, counterparty, status }: PayoutRow) => {
  if (kind === 'withdrawal') return { withdrawalId: payoutId, accountId, destination: counterparty }
  return status === 'received'
    ? { transferId: payoutId, from: counterparty, to: accountId }
    : { transferId: payoutId, from: accountId, to: counterparty }
}
