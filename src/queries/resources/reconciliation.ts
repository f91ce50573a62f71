import { z } from 'zod'
import { decodeEvent } from '../../events/decode.ts'
import type { EventStore } from '../../events/store/event-store.ts'
import { RECONCILIATION_STREAM } from '../../events/streams.ts'
import { formatUnits } from '../../platform/decimal.ts'
import { type Refusal, refusal } from '../../platform/http/problem.ts'
import { ok, type Route, route } from '../../platform/http/route.ts'
import { type DivergenceRow, divergencesTable } from '../../projections/read-models/divergences.ts'
import { selectList } from '../../projections/rows/table.ts'
import { decimalsOf } from '../asset-decimals.ts'
import { consistent, type ReaderDeps, reading } from '../reader.ts'
import { BigText, decodeCursor, encodeCursor } from '../request/cursor.ts'
import { ListQuery, limitOf, minPositionOf } from '../request/parameters.ts'
import { earlier, later } from '../shards/shard-cache.ts'
import type { Shard } from '../shards/shards.ts'

type Row = DivergenceRow & { readonly asOf: bigint; readonly incomplete: boolean; readonly found: true | null }
type Key = [foundPosition: string, accountId: string, divergenceId: string]

// The checkpoint comes along in the same snapshot; $1 state, $2 accounts, $3–$5 the key before, $6 rows.
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
const FIRST: Key = [String(2n ** 62n), '', '']

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
    handle: async ({ grant, query, signal }) => {
      const state = query.state ?? 'open'
      const list = `reconciliation/${state}`
      const cursor = decodeCursor<Key>(query.cursor, deps.logId, list, z.tuple([BigText, z.string(), z.string()]))
      if ('refusal' in cursor) return cursor
      const accounts = grant.accounts === '*' ? null : [...grant.accounts]
      const limit = limitOf(query)
      const values = [state, accounts, ...(cursor.key ?? FIRST), limit + 1]
      const parts = await Promise.all(deps.shards.map((shard) => readShard(deps, shard, values, minPositionOf(query), signal)))
      const refused = parts.find((part) => 'refusal' in part)
      if (refused && 'refusal' in refused) return refused
      const runs = await lastRuns(store).catch(() => undefined)
      if (!runs) return { refusal: refusal('not_ready', 'the event store does not answer') }
      const read = parts.flatMap((part) => ('refusal' in part ? [] : [part]))
      const rows = read.flatMap((part) => part.rows).sort((a, b) => (isNewer(a, b) ? -1 : 1))
      const last = rows[limit - 1]
      return ok({
        data: await documents(deps, rows.slice(0, limit)),
        nextCursor: last && rows.length > limit ? encodeCursor(deps.logId, list, keyOf(last)) : null,
        asOfPosition: String(read.map((part) => part.asOf).reduce(earlier)),
        ...(read.some((part) => part.incomplete) ? { incomplete: true } : {}),
        runs,
      })
    },
  })

const readShard = async (
  deps: ReaderDeps,
  shard: Shard,
  values: readonly unknown[],
  minPosition: bigint,
  signal: AbortSignal,
): Promise<{ readonly rows: readonly Row[]; readonly asOf: bigint; readonly incomplete: boolean } | { readonly refusal: Refusal }> => {
  const late = await consistent(deps, shard, minPosition, signal)
  if (late) return { refusal: late }
  return reading(shard, async () => {
    const { rows } = await shard.pool.query<Row>({ ...(values[1] === null ? NEWEST_FIRST : OF_ACCOUNTS), values: [...values] })
    const first = rows[0]
    if (!first) return { refusal: refusal('not_ready', 'the read model has not been started yet') }
    shard.progress.saw(first.asOf)
    return { rows: first.found ? rows : [], asOf: later(first.asOf, 0n), incomplete: first.incomplete }
  })
}

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

const keyOf = (row: Row): Key => [String(row.foundPosition), row.accountId, row.divergenceId]

const isNewer = (a: Row, b: Row): boolean => {
  if (a.foundPosition !== b.foundPosition) return a.foundPosition > b.foundPosition
  return a.accountId === b.accountId ? a.divergenceId > b.divergenceId : a.accountId > b.accountId
}

const documents = async ({ instruments, shardOf }: ReaderDeps, rows: readonly Row[]) => {
  const assets = rows.map(({ asset }) => asset)
  const decimals = rows[0] ? await decimalsOf(instruments, shardOf(rows[0].accountId).pool, assets) : new Map<string, number>()
  return rows.map((row) => ({
    ...{ divergenceId: row.divergenceId, accountId: row.accountId, asset: row.asset, state: row.state },
    ledger: formatUnits(row.ledger, decimals.get(row.asset)!),
    chain: formatUnits(row.chain, decimals.get(row.asset)!),
    ...{ slot: Number(row.slot), foundAt: new Date(Number(row.foundAt)).toISOString(), position: String(row.foundPosition) },
    ...(row.resolvedAt === null
      ? {}
      : {
          resolution: row.resolution,
          resolvedAt: new Date(Number(row.resolvedAt)).toISOString(),
          resolvedPosition: String(row.resolvedPosition),
        }),
  }))
}
