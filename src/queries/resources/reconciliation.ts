import { z } from 'zod'
import { decodeEvent } from '../../events/decode.ts'
import type { EventStore } from '../../events/store/event-store.ts'
import { RECONCILIATION_STREAM } from '../../events/streams.ts'
import { formatUnits } from '../../platform/decimal.ts'
import { refusal } from '../../platform/http/problem.ts'
import { ok, type Route, route } from '../../platform/http/route.ts'
import { type DivergenceRow, divergencesTable } from '../../projections/read-models/divergences.ts'
import { selectList } from '../../projections/rows/table.ts'
import { decimalsOf } from '../asset-decimals.ts'
import type { ReaderDeps } from '../reader.ts'
import { ListQuery } from '../request/parameters.ts'
import { newestPage, type Snapshot } from './newest-list.ts'

type Row = DivergenceRow & Snapshot

const newestOf = (picked: string): string => `
  WITH picked AS MATERIALIZED (
    SELECT true AS "found", ${selectList(divergencesTable, 'd')} FROM divergences d
    WHERE d.state = $1 AND ${picked} AND (d.found_position, d.account_id, d.divergence_id) < ($3::bigint, $4, $5)
    ORDER BY d.found_position DESC, d.account_id DESC, d.divergence_id DESC LIMIT $6::integer
  )
  SELECT c.commit_position AS "asOf", EXISTS (SELECT 1 FROM paused_streams) AS "incomplete", picked.*
  FROM checkpoint c LEFT JOIN picked ON true
  ORDER BY picked."foundPosition" DESC, picked."accountId" DESC, picked."divergenceId" DESC`

// a walk down its index
const NEWEST_FIRST = { name: 'divergences-newest-first', text: newestOf('$2::text[] IS NULL') }
// a key bound to accounts: those accounts' own rows, however many others there are
const OF_ACCOUNTS = { name: 'divergences-of-accounts', text: newestOf('d.account_id = ANY($2::text[])') }

const Query = ListQuery.extend({ state: z.enum(['open', 'resolved']).optional() })

/**
 * GET /v1/reconciliation?state=open|resolved: where ledger and chain differ (or differed), newest first, and the last look at all wallets
 * of each slice group. A key bound to accounts sees theirs. As of the slowest shard.
 */
export const reconciliationRoute = (deps: ReaderDeps, store: EventStore): Route =>
  route({
    method: 'GET',
    path: '/v1/reconciliation',
    scope: 'any',
    query: Query,
    handle: async (context) => {
      const state = context.query.state ?? 'open'
      const lists = { everyone: NEWEST_FIRST, ofAccounts: OF_ACCOUNTS }
      const page = await newestPage<Row>(deps, context, { ...lists, list: `reconciliation/${state}`, filter: state, keyOf })
      if ('refusal' in page) return page
      const runs = await lastRuns(store).catch(() => undefined)
      if (!runs) return { refusal: refusal('not_ready', 'the event store does not answer') }
      return ok({
        data: await documents(deps, page.rows),
        nextCursor: page.nextCursor,
        asOfPosition: String(page.asOf),
        ...(page.incomplete ? { incomplete: true } : {}),
        runs,
      })
    },
  })

/** Runs told by the end of their stream: each group has one in every window, and there are few groups. */
const LAST_RUNS = 64

const lastRuns = async (store: EventStore) => {
  const runs = new Map<number, { readonly runId: string; readonly [field: string]: unknown }>()
  for await (const recorded of store.readBackwards(RECONCILIATION_STREAM, LAST_RUNS)) {
    const event = decodeEvent(recorded)
    if (event.type !== 'ReconciliationCompleted' || runs.has(event.data.group)) continue
    const { group, window: _window, at, ...run } = event.data
    runs.set(group, { ...run, at: new Date(at).toISOString() })
  }
  return [...runs].sort(([a], [b]) => a - b).map(([group, run]) => ({ group, ...run }))
}

const keyOf = (row: Row) => [row.foundPosition, row.accountId, row.divergenceId] as const

const documents = async ({ instruments, shardOf }: ReaderDeps, rows: readonly Row[]) => {
  const assets = rows.map(({ asset }) => asset)
  const decimals = rows[0] ? await decimalsOf(instruments, shardOf(rows[0].accountId).pool, assets) : new Map<string, number>()
  return rows.map((row) => ({
    divergenceId: row.divergenceId,
    accountId: row.accountId,
    asset: row.asset,
    state: row.state,
    ledger: formatUnits(row.ledger, decimals.get(row.asset)!),
    chain: formatUnits(row.chain, decimals.get(row.asset)!),
    slot: Number(row.slot),
    foundAt: new Date(Number(row.foundAt)).toISOString(),
    position: String(row.foundPosition),
    ...(row.resolvedAt === null
      ? {}
      : {
          resolution: row.resolution,
          resolvedAt: new Date(Number(row.resolvedAt)).toISOString(),
          resolvedPosition: String(row.resolvedPosition),
        }),
  }))
}
