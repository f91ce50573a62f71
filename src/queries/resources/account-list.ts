import { z } from 'zod'
import { ok, type Reply, type RequestContext, type Route, route } from '../../platform/http/route.ts'
import { type ReaderDeps, readAccount, type Sql } from '../reader.ts'
import { type CursorKey, decodeCursor, encodeCursor } from '../request/cursor.ts'
import { AccountIdText, ListQuery, limitOf } from '../request/parameters.ts'
import type { Shard } from '../shards/shards.ts'
import { type AccountRequest, notFound, onShard } from './account-read.ts'

/** A list of an account: `/v1/accounts/:accountId/<name>`. */
export interface AccountList<Row, Key extends CursorKey> {
  readonly name: string
  /** Rows after a key in the list's order: the key's parts from $3 on, then the number of rows. */
  readonly sql: Sql
  readonly key: z.ZodType<Key>
  /** The key before the first row. */
  readonly start: Key
  readonly keyOf: (row: Row) => Key
  readonly documents: (rows: readonly Row[], shard: Shard) => readonly unknown[] | Promise<readonly unknown[]>
}

/** A page of a list and the reply around it. */
export interface Page {
  readonly data: readonly unknown[]
  readonly nextCursor: string | null
  readonly asOf: bigint
  readonly incomplete: boolean
}

export const pageReply = ({ data, nextCursor, asOf, incomplete }: Page): Reply =>
  ok({ data, nextCursor, asOfPosition: String(asOf), ...(incomplete ? { incomplete: true } : {}) })

/** A cache of whole lists, in front of the database. */
export interface ListCache<Row> {
  read(accountId: string, shard: Shard, minPosition: bigint): Promise<Page | undefined>
  keep(accountId: string, shard: Shard, rows: readonly Row[], asOf: bigint): void
}

/** The route of a list; the cache is asked for the list as a whole alone. */
export const accountListRoute = <Row, Key extends CursorKey>(
  deps: ReaderDeps,
  list: AccountList<Row, Key>,
  cache?: ListCache<Row>,
): Route =>
  route({
    method: 'GET',
    path: `/v1/accounts/:accountId/${list.name}`,
    scope: 'read',
    params: z.object({ accountId: AccountIdText }),
    query: ListQuery,
    handle: async (context: RequestContext): Promise<Reply> => {
      const accountId = context.params.accountId!
      const cursor = decodeCursor(context.query.cursor, deps.logId, `${list.name}/${accountId}`, list.key)
      // the contract's order of refusal: 400 before 403
      return 'refusal' in cursor ? cursor : onShard(deps, context, accountId, (request) => pageOf(deps, list, cache, request, cursor.key))
    },
  })

/** A page of the list, past HTTP. */
export const pageOf = async <Row, Key extends CursorKey>(
  deps: ReaderDeps,
  list: AccountList<Row, Key>,
  cache: ListCache<Row> | undefined,
  { accountId, shard, query, minPosition }: AccountRequest,
  after: Key | undefined,
): Promise<Reply> => {
  const whole = query.cursor === undefined && query.limit === undefined
  const cached = whole ? await cache?.read(accountId, shard, minPosition) : undefined
  if (cached) return pageReply(cached)

  const limit = limitOf(query)
  const read = await readAccount<Row>(shard, accountId, list.sql, [...(after ?? list.start), limit + 1])
  if ('refusal' in read) return read
  if (!read.known) return notFound(read, 'no such account')
  const rows = read.rows.slice(0, limit)
  const more = read.rows.length > limit
  if (whole && !more && !read.incomplete) cache?.keep(accountId, shard, rows, read.asOf)
  return pageReply({
    data: await list.documents(rows, shard),
    nextCursor: more ? encodeCursor(deps.logId, `${list.name}/${accountId}`, list.keyOf(rows.at(-1)!)) : null,
    asOf: read.asOf,
    incomplete: read.incomplete,
  })
}
