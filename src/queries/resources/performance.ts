import { z } from 'zod'
import { parseUnits } from '../../platform/decimal.ts'
import { mayUse } from '../../platform/http/grant.ts'
import { ok, type Route, refuse, route } from '../../platform/http/route.ts'
import { type Closes, DAY_MS, performanceOf, type Traded } from '../performance.ts'
import { consistent, type ReaderDeps, readAccount, reading } from '../reader.ts'
import { AccountIdText, ClOrdIdText, minPositionOf, ReadQuery } from '../request/parameters.ts'

/** Trades that one answer is made of; an account with more is told by its newest ones and says so. */
const MOST_TRADES = 50_000

const COLUMNS = `true AS "found", e.symbol, e.side, e.qty, e.quote, e.at, e.base_decimals AS "baseDecimals", e.quote_decimals AS "quoteDecimals"`
// Backwards along the executions' index; which strategy a trade is of, its order knows.
const OF_ACCOUNT = {
  name: 'performance-account',
  text: `
    SELECT ${COLUMNS} FROM executions e WHERE e.account_id = $1 AND e.exec_type = 'Trade' AND NOT e.busted
    ORDER BY e.event_revision DESC LIMIT $3::integer`,
}
const OF_STRATEGY = {
  name: 'performance-strategy',
  text: `
    SELECT ${COLUMNS} FROM orders o JOIN executions e ON e.account_id = o.account_id AND e.order_number = o.number
    WHERE o.account_id = $1 AND o.strategy_id = $4 AND e.exec_type = 'Trade' AND NOT e.busted
    ORDER BY e.event_revision DESC LIMIT $3::integer`,
}
const CLOSES = {
  name: 'performance-closes',
  text: `SELECT symbol, at, close FROM candles WHERE step = '1d' AND symbol = ANY($1::text[]) AND at >= $2::bigint ORDER BY at`,
}

const Query = ReadQuery.extend({
  strategyId: ClOrdIdText.optional(),
  capital: z
    .string()
    .regex(/^(0|[1-9]\d{0,19})(\.\d{1,12})?$/, 'must be a plain decimal')
    .refine((text) => /[1-9]/.test(text), 'must be greater than 0')
    .optional(),
})

/** GET /v1/accounts/:accountId/performance?strategyId=&capital=: return, Sharpe, Sortino, drawdown, hit rate and equity curve, by quote asset. */
export const performanceRoute = (deps: ReaderDeps): Route =>
  route({
    method: 'GET',
    path: '/v1/accounts/:accountId/performance',
    scope: 'read',
    params: z.object({ accountId: AccountIdText }),
    query: Query,
    handle: async ({ grant, params, query, signal }) => {
      const accountId = params.accountId!
      if (!mayUse(grant, accountId)) return refuse('forbidden', 'this key has no grant on the account')
      const shard = deps.shardOf(accountId)
      const late = await consistent(deps, shard, minPositionOf(query), signal)
      if (late) return { refusal: late }
      const { strategyId, capital } = query
      const [sql, more] = strategyId === undefined ? [OF_ACCOUNT, []] : [OF_STRATEGY, [strategyId]]
      const read = await readAccount<Traded>(shard, accountId, sql, [MOST_TRADES + 1, ...more])
      if ('refusal' in read) return read
      if (!read.known) return refuse('not_found', 'no such account', { extra: { asOfPosition: String(read.asOf) } })
      const trades = read.rows.slice(0, MOST_TRADES).reverse()
      const closes = await readCloses(deps, trades)
      if ('refusal' in closes) return closes
      const byQuote = new Map<string, Traded[]>()
      for (const trade of trades) {
        const asset = trade.symbol.split('/').at(-1)!
        byQuote.set(asset, [...(byQuote.get(asset) ?? []), trade])
      }
      const data = [...byQuote].map(([asset, own]) => ({
        asset,
        ...performanceOf(own, closes, deps.clock.now(), capital === undefined ? undefined : parseUnits(capital, own[0]!.quoteDecimals)),
      }))
      const partly = read.incomplete || read.rows.length > MOST_TRADES
      return ok({ data, asOfPosition: String(read.asOf), ...(partly ? { incomplete: true } : {}) })
    },
  })

/** The days' last prices, from the daily candles. */
const readCloses = ({ shards }: ReaderDeps, trades: readonly Traded[]) =>
  reading(shards[0]!, async (): Promise<Closes> => {
    const [oldest] = trades
    if (!oldest) return new Map()
    const symbols = [...new Set(trades.map(({ symbol }) => symbol))]
    const from = Number(oldest.at) - (Number(oldest.at) % DAY_MS)
    const { rows } = await shards[0]!.pool.query<{ symbol: string; at: bigint; close: bigint }>({ ...CLOSES, values: [symbols, from] })
    const closes = new Map<string, Map<number, bigint>>()
    for (const { symbol, at, close } of rows) {
      const days = closes.get(symbol) ?? new Map<number, bigint>()
      closes.set(symbol, days.set(Number(at), close))
    }
    return closes
  })
