import type { z } from 'zod'
import { mayUse } from '../../platform/http/grant.ts'
import type { Refusal } from '../../platform/http/problem.ts'
import { ok, type Reply, type RequestContext, type Route, refuse, route } from '../../platform/http/route.ts'
import { type AccountRows, asRead, consistent, type ReaderDeps, type ReadShard } from '../reader.ts'
import { minPositionOf } from '../request/parameters.ts'

type Strings = Readonly<Record<string, string>>
type Query = Readonly<Record<string, string | undefined>>

/** A request that may read the account, on its shard, which has come to the client's position. */
export interface AccountRequest {
  readonly accountId: string
  readonly shard: ReadShard
  readonly params: Strings
  readonly query: Query
  readonly minPosition: bigint
}

export interface AccountRead {
  readonly path: string
  readonly params: z.ZodType<Record<string, string>>
  readonly query: z.ZodType<Record<string, string | undefined>>
  /** Whose data is asked for, by the path. */
  readonly accountOf: (params: Strings) => string
  readonly answer: (request: AccountRequest) => Promise<Reply>
}

/** GET of one account's data: grant (decided from the id, before existence), shard, the client's position, answer. */
export const accountRead = (deps: ReaderDeps, { path, params, query, accountOf, answer }: AccountRead): Route =>
  route({
    method: 'GET',
    path,
    scope: 'read',
    params,
    query,
    handle: (context) => onShard(deps, context, accountOf(context.params), answer),
  })

/** The same for a request whose input needed a look of its own first. */
export const onShard = async (
  deps: ReaderDeps,
  { grant, params, query, signal }: RequestContext,
  accountId: string,
  answer: (request: AccountRequest) => Promise<Reply>,
): Promise<Reply> => {
  if (!mayUse(grant, accountId)) return refuse('forbidden', 'this key has no grant on the account')
  const shard = deps.shardOf(accountId)
  const minPosition = minPositionOf(query)
  // Where there is nothing to wait for, not even for a promise: a read from the cache is cheaper than a few of them.
  const late = minPosition <= shard.progress.known() ? undefined : await consistent(deps, shard, minPosition, signal)
  return late ? { refusal: late } : answer({ accountId, shard: asRead(shard, minPosition), params, query, minPosition })
}

/** The answer to one thing, or why there is none; `missing` is what a 404 says. */
export const oneReply = <Row>(
  read: AccountRows<Row> | { readonly refusal: Refusal },
  missing: string,
  document: (row: Row) => unknown,
): Reply => {
  if ('refusal' in read) return read
  const [row] = read.rows
  return row === undefined ? notFound(read, missing) : dataReply(document(row), read)
}

export const notFound = ({ asOf }: Pick<AccountRows<unknown>, 'asOf'>, detail: string): Reply =>
  refuse('not_found', detail, { extra: { asOfPosition: String(asOf) } })

export const dataReply = (data: unknown, { asOf, incomplete }: Pick<AccountRows<unknown>, 'asOf' | 'incomplete'>): Reply =>
  ok({ data, asOfPosition: String(asOf), ...(incomplete ? { incomplete: true } : {}) })
