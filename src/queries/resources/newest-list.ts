import { z } from 'zod'
import { type Refusal, refusal } from '../../platform/http/problem.ts'
import type { RequestContext } from '../../platform/http/route.ts'
import { asRead, consistent, type ReaderDeps, reading, routed, type Sql } from '../reader.ts'
import { BigText, decodeCursor, encodeCursor } from '../request/cursor.ts'
import { limitOf, minPositionOf } from '../request/parameters.ts'
import { earlier, later } from '../shards/shard-cache.ts'
import type { Shard } from '../shards/shards.ts'

/** A list over the accounts of all shards, newest first. */
export interface NewestList<Row> {
  /** Name and filter: a cursor of one list is refused by another. */
  readonly list: string
  /**
   * $1 the filter, $2 accounts (null: all), $3–$5 the key before, $6 rows; the checkpoint comes along in the same snapshot. A key bound to
   * accounts has a statement of its own: theirs are few among however many others.
   */
  readonly everyone: Sql
  readonly ofAccounts: Sql
  readonly filter: unknown
  readonly keyOf: (row: Row) => NewestKey
}

type NewestKey = readonly [position: bigint, accountId: string, id: string]
type CursorKey = [position: string, accountId: string, id: string]

/** What every row of these statements has beside the list's own columns. */
export interface Snapshot {
  readonly asOf: bigint
  readonly incomplete: boolean
  /** Null: the row stands for the checkpoint alone. */
  readonly found: true | null
}

export interface NewestPage<Row> {
  readonly rows: readonly Row[]
  readonly nextCursor: string | null
  /** Of the slowest shard. */
  readonly asOf: bigint
  readonly incomplete: boolean
}

const Key = z.tuple([BigText, z.string(), z.string()])
const FIRST: CursorKey = [String(2n ** 62n), '', '']

/** One page; a key bound to accounts sees theirs. */
export const newestPage = async <Row extends Snapshot>(
  deps: ReaderDeps,
  { grant, query, signal }: Pick<RequestContext, 'grant' | 'query' | 'signal'>,
  { list, everyone, ofAccounts, filter, keyOf }: NewestList<Row>,
): Promise<NewestPage<Row> | { readonly refusal: Refusal }> => {
  const cursor = decodeCursor<CursorKey>(query.cursor, deps.logId, list, Key)
  if ('refusal' in cursor) return cursor
  const accounts = grant.accounts === '*' ? null : [...grant.accounts]
  const limit = limitOf(query)
  const statement = { ...(accounts ? ofAccounts : everyone), values: [filter, accounts, ...(cursor.key ?? FIRST), limit + 1] }
  const parts = await Promise.all(deps.shards.map((shard) => readShard<Row>(deps, shard, statement, minPositionOf(query), signal)))
  const refused = parts.find((part) => 'refusal' in part)
  if (refused && 'refusal' in refused) return refused
  const read = parts.flatMap((part) => ('refusal' in part ? [] : [part]))
  const rows = read.flatMap((part) => part.rows).sort((a, b) => (isNewer(keyOf(a), keyOf(b)) ? -1 : 1))
  const last = rows[limit - 1]
  const [position, ...rest] = last ? keyOf(last) : []
  return {
    rows: rows.slice(0, limit),
    nextCursor: last && rows.length > limit ? encodeCursor(deps.logId, list, [String(position), ...rest]) : null,
    asOf: read.map((part) => part.asOf).reduce(earlier),
    incomplete: read.some((part) => part.incomplete),
  }
}

type Part<Row> = Pick<NewestPage<Row>, 'rows' | 'asOf' | 'incomplete'>

const readShard = async <Row extends Snapshot>(
  deps: ReaderDeps,
  shard: Shard,
  statement: Sql & { readonly values: unknown[] },
  minPosition: bigint,
  signal: AbortSignal,
): Promise<Part<Row> | { readonly refusal: Refusal }> => {
  const late = await consistent(deps, shard, minPosition, signal)
  if (late) return { refusal: late }
  return reading(shard, async () => {
    const { rows } = await routed(
      asRead(shard, minPosition),
      (pool) => pool.query<Row>(statement),
      ({ rows: [row] }) => row?.asOf,
    )
    const first = rows[0]
    if (!first) return { refusal: refusal('not_ready', 'the read model has not been started yet') }
    shard.progress.saw(first.asOf)
    return { rows: first.found ? rows : [], asOf: later(first.asOf, 0n), incomplete: first.incomplete }
  })
}

const isNewer = ([position, accountId, id]: NewestKey, [otherPosition, otherAccountId, otherId]: NewestKey): boolean => {
  if (position !== otherPosition) return position > otherPosition
  return accountId === otherAccountId ? id > otherId : accountId > otherAccountId
}
