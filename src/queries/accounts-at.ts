import type { orderDocument } from '../events/order-document.ts'
import { accountStream, parseAccountStream } from '../events/streams.ts'
import type { Refusal } from '../platform/http/problem.ts'
import { refusal } from '../platform/http/problem.ts'
import { type PoolClient, transaction } from '../platform/postgres.ts'
import { cachedBalances, orderOf } from '../projections/cache/documents.ts'
import { type BalanceRow, balancesTable } from '../projections/read-models/balances.ts'
import { type OrderRow, ordersTable } from '../projections/read-models/orders.ts'
import { type PositionRow, positionsTable } from '../projections/read-models/positions.ts'
import { selectList } from '../projections/rows/table.ts'
import { decimalsOf } from './asset-decimals.ts'
import { asRead, consistent, type ReaderDeps, reading, routed } from './reader.ts'
import { balanceOf } from './resources/balances.ts'
import { positionDocument } from './resources/positions.ts'
import type { Shard } from './shards/shards.ts'

/** An account as the read models have it, if they have it as it was at the position asked for. */
export interface AccountAt {
  readonly accountId: string
  /** Undefined: it has changed since, or its events wait for a fix. Its stream tells. */
  readonly rows: AccountDocuments | undefined
}

export interface AccountDocuments {
  readonly balances: readonly { readonly asset: string; readonly settled: string; readonly reserved: string; readonly available: string }[]
  readonly positions: readonly ReturnType<typeof positionDocument>[]
  /** Newest first, `MOST_ORDERS` at most. */
  readonly orders: readonly ReturnType<typeof orderDocument>[]
  readonly olderOrders: boolean
}

export interface AccountsAtRequest {
  readonly position: bigint
  /** Accounts with a greater id, in the order of ids. */
  readonly after: string
  readonly limit: number
  /** Those of the key. */
  readonly accounts: '*' | ReadonlySet<string>
  readonly signal: AbortSignal
}

/** The next accounts at a past position, of all shards; the 503 while a shard has not come there. */
export type AccountsAt = (request: AccountsAtRequest) => Promise<readonly AccountAt[] | { readonly refusal: Refusal }>

/** Orders shown of each account: older ones are paged account by account. */
export const MOST_ORDERS = 100

const ACCOUNTS = `
  SELECT account_id AS "accountId", position FROM accounts
  WHERE account_id > $1 AND ($2::text[] IS NULL OR account_id = ANY($2::text[])) ORDER BY account_id LIMIT $3::integer`
const BALANCES = `SELECT ${selectList(balancesTable, 'b')} FROM balances b WHERE b.account_id = ANY($1::text[]) ORDER BY b.account_id, b.asset`
const POSITIONS = `SELECT ${selectList(positionsTable, 'p')} FROM positions p WHERE p.account_id = ANY($1::text[]) ORDER BY p.account_id, p.symbol`
// a short walk down the primary key for each account
const ORDERS = `
  SELECT newest.* FROM unnest($1::text[]) AS k(id) CROSS JOIN LATERAL (
    SELECT ${selectList(ordersTable, 'o')} FROM orders o WHERE o.account_id = k.id ORDER BY o.number DESC LIMIT $2::integer
  ) newest`

/**
 * What has not changed since the position is answered from rows, which are a function of the account's events; the rest is for a replay. So
 * every account is told as of one and the same position, whichever shard it lives on and however far that has come.
 */
export const accountsAt =
  (deps: ReaderDeps): AccountsAt =>
  async (request) => {
    const parts = await Promise.all(deps.shards.map((shard) => ofShard(deps, shard, request)))
    const refused = parts.find((part) => 'refusal' in part)
    if (refused && 'refusal' in refused) return refused
    const all = parts.flatMap((part) => ('refusal' in part ? [] : part))
    return all.sort((a, b) => (a.accountId < b.accountId ? -1 : 1)).slice(0, request.limit)
  }

const ofShard = async (
  deps: ReaderDeps,
  shard: Shard,
  request: AccountsAtRequest,
): Promise<readonly AccountAt[] | { readonly refusal: Refusal }> => {
  const late = await consistent(deps, shard, request.position, request.signal)
  if (late) return { refusal: late }
  return reading(shard, async () => {
    const { asOf, accounts } = await routed(
      asRead(shard, request.position),
      (pool) => transaction(pool, (client) => inSnapshot(deps, shard, client, request), 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'),
      (read) => read.asOf,
    )
    return accounts ?? { refusal: refusal('not_ready', `shard ${shard.shard} is at ${asOf}, not at ${request.position}`) }
  })
}

interface Read {
  readonly asOf: bigint
  /** Undefined: the shard has not come so far. */
  readonly accounts?: readonly AccountAt[]
}

const inSnapshot = async (
  deps: ReaderDeps,
  shard: Shard,
  client: PoolClient,
  { position, after, limit, accounts }: AccountsAtRequest,
): Promise<Read> => {
  const checkpoint = await client.query<{ at: bigint }>('SELECT commit_position AS at FROM checkpoint')
  const asOf = checkpoint.rows[0]?.at ?? -1n
  if (asOf < position) return { asOf }
  const mine = accounts === '*' ? null : [...accounts]
  const { rows: found } = await client.query<{ accountId: string; position: bigint }>({
    name: 'at-accounts',
    text: ACCOUNTS,
    values: [after, mine, limit],
  })
  const { rows: pauses } = await client.query<{ stream_id: string }>('SELECT stream_id FROM paused_streams')
  const paused = new Set(pauses.map(({ stream_id }) => stream_id))
  const resting = found.filter((one) => one.position <= position && !paused.has(accountStream(one.accountId)))
  const documents = await documentsOf(
    deps,
    shard,
    client,
    resting.map(({ accountId }) => accountId),
  )
  // one that stopped at its very first event has no row at all
  const stopped = [...paused].flatMap((stream) => parseAccountStream(stream)?.accountId ?? [])
  const ids = new Set([...found.map(({ accountId }) => accountId), ...stopped])
  const own = [...ids].filter((accountId) => accountId > after && (accounts === '*' || accounts.has(accountId)))
  return { asOf, accounts: own.map((accountId) => ({ accountId, rows: documents.get(accountId) })) }
}

const documentsOf = async (deps: ReaderDeps, shard: Shard, client: PoolClient, ids: readonly string[]) => {
  const [balances, positions, orders] = [
    groupBy((await client.query<BalanceRow>({ name: 'at-balances', text: BALANCES, values: [ids] })).rows),
    groupBy((await client.query<PositionRow>({ name: 'at-positions', text: POSITIONS, values: [ids] })).rows),
    groupBy((await client.query<OrderRow>({ name: 'at-orders', text: ORDERS, values: [ids, MOST_ORDERS + 1] })).rows),
  ]
  const assets = [...balances.values()].flatMap((rows) => rows.map(({ asset }) => asset))
  const decimals = await decimalsOf(deps.instruments, shard.pool, assets)
  const documents = new Map<string, AccountDocuments>()
  for (const accountId of ids) {
    const newest = orders.get(accountId) ?? []
    documents.set(accountId, {
      balances: cachedBalances(balances.get(accountId) ?? [])
        .map(([asset, available, reserved]) => balanceOf(asset, BigInt(available), BigInt(reserved), decimals.get(asset)!))
        .filter(({ settled, reserved }) => settled !== '0' || reserved !== '0'),
      positions: (positions.get(accountId) ?? []).filter(isHeld).map(positionDocument),
      orders: newest.slice(0, MOST_ORDERS).map(orderOf),
      olderOrders: newest.length > MOST_ORDERS,
    })
  }
  return documents
}

/** A symbol whose every trade was busted is told by neither source. */
export const isHeld = ({ qty, realized }: { readonly qty: bigint; readonly realized: bigint }): boolean => qty !== 0n || realized !== 0n

const groupBy = <Row extends { readonly accountId: string }>(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> => {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.accountId)
    if (group) group.push(row)
    else groups.set(row.accountId, [row])
  }
  return groups
}
