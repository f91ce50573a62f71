import { z } from 'zod'
import { formatUnits } from '../../platform/decimal.ts'
import { type Refusal, refusal } from '../../platform/http/problem.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { type CompensationRow, compensationsTable } from '../../projections/read-models/compensations.ts'
import { selectList } from '../../projections/rows/table.ts'
import { decimalsOf } from '../asset-decimals.ts'
import { consistent, type ReaderDeps, reading } from '../reader.ts'
import { BigText, decodeCursor, encodeCursor } from '../request/cursor.ts'
import { ListQuery, limitOf, minPositionOf } from '../request/parameters.ts'
import { earlier, later } from '../shards/shard-cache.ts'
import type { Shard } from '../shards/shards.ts'
import { pageReply } from './account-list.ts'

type Row = CompensationRow & { readonly asOf: bigint; readonly incomplete: boolean; readonly found: true | null }
type Key = [openedPosition: string, accountId: string, compensationId: string]

// The checkpoint comes along in the same snapshot; $1 states, $2 accounts, $3–$5 the key before, $6 rows. Each state is a walk down the index of
// its own: one walk over several states could not keep the order, and would read the table whole.
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
const FIRST: Key = [String(2n ** 62n), '', '']

/** GET /v1/compensations?state=: the compensation ledger of all shards, newest first; a key bound to accounts sees those. As of the slowest shard. */
export const compensationsRoute = (deps: ReaderDeps): Route =>
  route({
    method: 'GET',
    path: '/v1/compensations',
    scope: 'any',
    query: Query,
    handle: async ({ grant, query, signal }) => {
      const list = `compensations/${query.state ?? ''}`
      const cursor = decodeCursor<Key>(query.cursor, deps.logId, list, z.tuple([BigText, z.string(), z.string()]))
      if ('refusal' in cursor) return cursor
      const states = query.state === undefined ? ['unresolved', 'resolved'] : [query.state]
      const accounts = grant.accounts === '*' ? null : [...grant.accounts]
      const limit = limitOf(query)
      const values = [states, accounts, ...(cursor.key ?? FIRST), limit + 1]
      const parts = await Promise.all(deps.shards.map((shard) => readShard(deps, shard, values, minPositionOf(query), signal)))
      const refused = parts.find((part) => 'refusal' in part)
      if (refused && 'refusal' in refused) return refused
      const read = parts.flatMap((part) => ('refusal' in part ? [] : [part]))
      const rows = read.flatMap((part) => part.rows).sort(newestFirst)
      const shown = rows.slice(0, limit)
      const last = shown.at(-1)
      return pageReply({
        data: await documents(deps, shown),
        nextCursor: last && rows.length > limit ? encodeCursor(deps.logId, list, keyOf(last)) : null,
        asOf: read.map((part) => part.asOf).reduce(earlier),
        incomplete: read.some((part) => part.incomplete),
      })
    },
  })

interface Part {
  readonly rows: readonly Row[]
  readonly asOf: bigint
  readonly incomplete: boolean
}

const readShard = async (
  deps: ReaderDeps,
  shard: Shard,
  values: readonly unknown[],
  minPosition: bigint,
  signal: AbortSignal,
): Promise<Part | { readonly refusal: Refusal }> => {
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

const keyOf = (row: Row): Key => [String(row.openedPosition), row.accountId, row.compensationId]

const newestFirst = (a: Row, b: Row): number => {
  if (a.openedPosition !== b.openedPosition) return a.openedPosition > b.openedPosition ? -1 : 1
  if (a.accountId !== b.accountId) return a.accountId > b.accountId ? -1 : 1
  return a.compensationId > b.compensationId ? -1 : 1
}

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
