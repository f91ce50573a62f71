import { z } from 'zod'
import { formatUnits } from '../../platform/decimal.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { type CompensationRow, compensationsTable } from '../../projections/read-models/compensations.ts'
import { selectList } from '../../projections/rows/table.ts'
import { decimalsOf } from '../asset-decimals.ts'
import type { ReaderDeps } from '../reader.ts'
import { ListQuery } from '../request/parameters.ts'
import { pageReply } from './account-list.ts'
import { newestPage, type Snapshot } from './newest-list.ts'

type Row = CompensationRow & Snapshot

// $1 states. Each is a walk down the index of its own: one walk over several states could not keep the order, and would read the table whole.
const newestOf = (picked: string): string => `
  WITH picked AS MATERIALIZED (
    SELECT true AS "found", k.* FROM unnest($1::text[]) AS s(state) CROSS JOIN LATERAL (${picked}) k
    ORDER BY k."openedPosition" DESC, k."accountId" DESC, k."compensationId" DESC LIMIT $6::integer
  )
  SELECT c.commit_position AS "asOf", EXISTS (SELECT 1 FROM paused_streams) AS "incomplete", picked.*
  FROM checkpoint c LEFT JOIN picked ON true
  ORDER BY picked."openedPosition" DESC, picked."accountId" DESC, picked."compensationId" DESC`

const AFTER_KEY = '(k.opened_position, k.account_id, k.compensation_id) < ($3::bigint, $4, $5)'

const NEWEST_FIRST = {
  name: 'compensations-newest-first',
  text: newestOf(`
    SELECT ${selectList(compensationsTable, 'k')} FROM compensations k WHERE k.state = s.state AND $2::text[] IS NULL AND ${AFTER_KEY}
    ORDER BY k.opened_position DESC, k.account_id DESC, k.compensation_id DESC LIMIT $6::integer`),
}
// a key bound to accounts: those accounts' own rows, however many others there are
const OF_ACCOUNTS = {
  name: 'compensations-of-accounts',
  text: newestOf(`
    SELECT ${selectList(compensationsTable, 'k')} FROM compensations k
    WHERE k.account_id = ANY($2::text[]) AND k.state = s.state AND ${AFTER_KEY}`),
}

const Query = ListQuery.extend({ state: z.enum(['unresolved', 'resolved']).optional() })

/** GET /v1/compensations?state=: the compensation ledger of all shards, newest first; a key bound to accounts sees those. As of the slowest shard. */
export const compensationsRoute = (deps: ReaderDeps): Route =>
  route({
    method: 'GET',
    path: '/v1/compensations',
    scope: 'any',
    query: Query,
    handle: async (context) => {
      const { state } = context.query
      const filter = state === undefined ? ['unresolved', 'resolved'] : [state]
      const lists = { everyone: NEWEST_FIRST, ofAccounts: OF_ACCOUNTS }
      const page = await newestPage<Row>(deps, context, { ...lists, list: `compensations/${state ?? ''}`, filter, keyOf })
      return 'refusal' in page ? page : pageReply({ ...page, data: await documents(deps, page.rows) })
    },
  })

const keyOf = (row: Row) => [row.openedPosition, row.accountId, row.compensationId] as const

const documents = async ({ instruments, shardOf }: ReaderDeps, rows: readonly Row[]) => {
  const assets = rows.flatMap((row) => (row.asset === null ? [] : [row.asset]))
  const decimals = rows[0] ? await decimalsOf(instruments, shardOf(rows[0].accountId).pool, assets) : new Map<string, number>()
  return rows.map((row) => ({
    compensationId: row.compensationId,
    accountId: row.accountId,
    state: row.state,
    reverses: row.reverses,
    cause: { type: row.causeType, ref: row.causeRef, attempt: row.causeAttempt },
    ...(row.command === null ? {} : { command: row.command }),
    ...(row.asset === null || row.amount === null
      ? {}
      : { effect: { asset: row.asset, amount: formatUnits(row.amount, decimals.get(row.asset)!) } }),
    openedPosition: String(row.openedPosition),
    ...(row.resolvedPosition === null ? {} : { resolvedPosition: String(row.resolvedPosition), resolvedBy: row.resolvedBy }),
  }))
}
