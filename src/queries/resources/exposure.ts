import { z } from 'zod'
import { formatUnits } from '../../platform/decimal.ts'
import type { Route } from '../../platform/http/route.ts'
import { type Mark, markDocument, valueAt } from '../marks.ts'
import type { ReaderDeps } from '../reader.ts'
import { AccountIdText, ReadQuery } from '../request/parameters.ts'
import { accountRead } from './account-read.ts'
import { type Holding, readAverage, valued } from './pnl.ts'

/** GET /v1/accounts/:accountId/exposure: open positions at their marks, and their sums by quote asset. */
export const exposureRoute = (deps: ReaderDeps): Route =>
  accountRead(deps, {
    path: '/v1/accounts/:accountId/exposure',
    params: z.object({ accountId: AccountIdText }),
    query: ReadQuery,
    accountOf: ({ accountId }) => accountId!,
    answer: async ({ accountId, shard }) =>
      valued(deps, await readAverage(shard, accountId), (holdings, marks) => exposureOf(holdings, marks, deps.clock.now())),
  })

const exposureOf = (holdings: readonly Holding[], marks: ReadonlyMap<string, Mark>, now: number) => {
  const open = holdings.filter(({ qty }) => qty !== 0n).map((held) => ({ held, mark: marks.get(held.symbol) }))
  const byQuote = new Map<string, { gross: bigint; net: bigint; decimals: number; unmarked: string[] }>()
  for (const { held, mark } of open) {
    const asset = held.symbol.split('/').at(-1)!
    const sum = byQuote.get(asset) ?? { gross: 0n, net: 0n, decimals: held.quoteDecimals, unmarked: [] }
    byQuote.set(asset, sum)
    if (!mark) {
      sum.unmarked.push(held.symbol)
      continue
    }
    const value = valueAt(mark, held.qty, held)
    sum.net += value
    sum.gross += value < 0n ? -value : value
  }
  return {
    positions: open.map(({ held, mark }) => ({
      symbol: held.symbol,
      qty: formatUnits(held.qty, held.baseDecimals),
      value: mark ? formatUnits(valueAt(mark, held.qty, held), held.quoteDecimals) : null,
      mark: mark ? markDocument(mark, now) : null,
    })),
    // a symbol without a mark is named, not counted as nothing
    totals: [...byQuote].map(([asset, { gross, net, decimals, unmarked }]) => ({
      asset,
      gross: formatUnits(gross, decimals),
      net: formatUnits(net, decimals),
      ...(unmarked.length > 0 ? { unmarked } : {}),
    })),
  }
}
