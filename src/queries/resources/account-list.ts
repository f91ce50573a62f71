import { z } from 'zod'
import { mayUse } from '../../platform/http/grant.ts'
import { ok, type Reply, type RequestContext, type Route, refuse, route } from '../../platform/http/route.ts'
import { consistent, type ReaderDeps, readAccount, type Sql } from '../reader.ts'
import { type CursorKey, decodeCursor, encodeCursor } from '../request/cursor.ts'
import { AccountIdText, ListQuery, limitOf, minPositionOf } from '../request/parameters.ts'
import type { Shard } from '../shards/shards.ts'

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
    handle: async ({ grant, params, query, signal }: RequestContext): Promise<Reply> => {
      const accountId = params.accountId!
      const cursor = decodeCursor(query.cursor, deps.logId, `${list.name}/${accountId}`, list.key)
      if ('refusal' in cursor) return cursor
      if (!mayUse(grant, accountId)) return refuse('forbidden', 'this key has no grant on the account')
      const shard = deps.shardOf(accountId)
      const minPosition = minPositionOf(query)
      const late = await consistent(deps, shard, minPosition, signal)
      if (late) return { refusal: late }
      const whole = query.cursor === undefined && query.limit === undefined
      const cached = whole ? await cache?.read(accountId, shard, minPosition) : undefined
      if (cached) return pageReply(cached)

      const limit = limitOf(query)
      const read = await readAccount<Row>(shard, accountId, list.sql, [...(cursor.key ?? list.start), limit + 1])
      if ('refusal' in read) return read
      if (!read.known) return refuse('not_found', 'no such account', { extra: { asOfPosition: String(read.asOf) } })
      const rows = read.rows.slice(0, limit)
      const more = read.rows.length > limit
      if (whole && !more && !read.incomplete) cache?.keep(accountId, shard, rows, read.asOf)
      return pageReply({
        data: await list.documents(rows, shard),
        nextCursor: more ? encodeCursor(deps.logId, `${list.name}/${accountId}`, list.keyOf(rows.at(-1)!)) : null,
        asOf: read.asOf,
        incomplete: read.incomplete,
      })
    },
  })
