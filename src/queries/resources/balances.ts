import { z } from 'zod'
import { formatUnits } from '../../platform/decimal.ts'
import type { Reply, Route } from '../../platform/http/route.ts'
import { type CachedBalance, cachedBalances } from '../../projections/cache/documents.ts'
import { balancesKey } from '../../projections/document-keys.ts'
import { type BalanceRow, balancesTable } from '../../projections/read-models/balances.ts'
import { selectList } from '../../projections/rows/table.ts'
import { decimalsOf } from '../asset-decimals.ts'
import { type ReaderDeps, type ReadShard, readCached } from '../reader.ts'
import type { Shard } from '../shards/shards.ts'
import { type AccountList, accountListRoute, type ListCache, pageOf } from './account-list.ts'

const BY_ASSET = {
  name: 'balances-by-asset',
  text: `
    SELECT true AS "found", ${selectList(balancesTable, 'b')} FROM balances b
    WHERE b.account_id = $1 AND b.asset > $3 ORDER BY b.asset LIMIT $4::integer`,
}

/** GET /v1/accounts/:accountId/balances, by asset, from the cache when it can. */
export const balancesRoute = (deps: ReaderDeps): Route => accountListRoute(deps, listOf(deps), cacheOf(deps))

/** The same answer for whoever has waited for the position already. */
export const balancesReply = (deps: ReaderDeps, shard: ReadShard, accountId: string): Promise<Reply> =>
  pageOf(deps, listOf(deps), cacheOf(deps), { accountId, shard, params: {}, query: {}, minPosition: shard.needs }, undefined)

const listOf = (deps: ReaderDeps): AccountList<BalanceRow, [string]> => ({
  name: 'balances',
  sql: BY_ASSET,
  key: z.tuple([z.string()]),
  start: [''],
  keyOf: (row) => [row.asset],
  documents: (rows, shard) => balanceDocuments(deps, shard, cachedBalances(rows)),
})

const cacheOf = (deps: ReaderDeps): ListCache<BalanceRow> => ({
  read: async (accountId, shard, minPosition) => {
    const hit = await readCached(deps, shard, balancesKey(accountId), minPosition)
    if (!hit) return undefined
    const data = await balanceDocuments(deps, shard, JSON.parse(hit.json) as readonly CachedBalance[])
    return { data, nextCursor: null, asOf: hit.asOf, incomplete: false }
  },
  keep: (accountId, shard, rows, asOf) => shard.cache.fill(balancesKey(accountId), { json: JSON.stringify(cachedBalances(rows)), asOf }),
})

const balanceDocuments = async ({ instruments }: ReaderDeps, { pool }: Shard, balances: readonly CachedBalance[]) => {
  const decimals = await decimalsOf(
    instruments,
    pool,
    balances.map(([asset]) => asset),
  )
  return balances.map(([asset, availableText, reservedText, provisionalText]) => {
    const [available, reserved] = [BigInt(availableText), BigInt(reservedText)]
    const provisional = atLeastZero(BigInt(provisionalText ?? 0))
    const format = (units: bigint): string => formatUnits(units, decimals.get(asset)!)
    return {
      ...balanceOf(asset, available, reserved, decimals.get(asset)!),
      provisional: format(provisional),
      withdrawable: format(atLeastZero(available - provisional)),
    }
  })
}

/** The part of a balance that a replay of the account tells too. */
export const balanceOf = (asset: string, available: bigint, reserved: bigint, decimals: number) => ({
  asset,
  settled: formatUnits(available + reserved, decimals),
  reserved: formatUnits(reserved, decimals),
  available: formatUnits(available, decimals),
})

const atLeastZero = (units: bigint): bigint => (units < 0n ? 0n : units)
