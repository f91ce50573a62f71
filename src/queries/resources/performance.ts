import { z } from 'zod'
import { refusal } from '../../platform/http/problem.ts'
import type { Route } from '../../platform/http/route.ts'
import { byQuoteAsset, type CapitalFault, type Closes, capitalsOf, DAY_MS, performanceOf, type Traded } from '../performance.ts'
import { ofMarket, type ReaderDeps, readAccount } from '../reader.ts'
import { AccountIdText, ClOrdIdText, ReadQuery } from '../request/parameters.ts'
import { accountRead, dataReply, notFound } from './account-read.ts'

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
  accountRead(deps, {
    path: '/v1/accounts/:accountId/performance',
    params: z.object({ accountId: AccountIdText }),
    query: Query,
    accountOf: ({ accountId }) => accountId!,
    answer: async ({ accountId, shard, query }) => {
      const { strategyId, capital } = query
      const [sql, more] = strategyId === undefined ? [OF_ACCOUNT, []] : [OF_STRATEGY, [strategyId]]
      const read = await readAccount<Traded>(shard, accountId, sql, [MOST_TRADES + 1, ...more])
      if ('refusal' in read) return read
      if (!read.known) return notFound(read, 'no such account')
      const trades = read.rows.slice(0, MOST_TRADES).reverse()
      const assets = byQuoteAsset(trades)
      const capitals = capital === undefined ? NONE_GIVEN : capitalsOf(capital, assets)
      if ('reason' in capitals) return refused(capitals)
      const closes = await readCloses(deps, trades)
      if ('refusal' in closes) return closes
      const data = [...assets].map(([asset, own]) => ({ asset, ...performanceOf(own, closes, deps.clock.now(), capitals.get(asset)) }))
      return dataReply(data, { asOf: read.asOf, incomplete: read.incomplete || read.rows.length > MOST_TRADES })
    },
  })

const NONE_GIVEN: ReadonlyMap<string, bigint> = new Map()

const refused = ({ reason }: CapitalFault) => ({
  refusal: refusal('invalid_request', `the query is not valid: capital ${reason}`, { errors: [{ field: 'capital', reason }] }),
})

/** The days' last prices, from the daily candles. */
const readCloses = (deps: ReaderDeps, trades: readonly Traded[]) =>
  ofMarket(deps, async (pool): Promise<Closes> => {
    const [oldest] = trades
    if (!oldest) return new Map()
    const symbols = [...new Set(trades.map(({ symbol }) => symbol))]
    const from = Number(oldest.at) - (Number(oldest.at) % DAY_MS)
    const { rows } = await pool.query<{ symbol: string; at: bigint; close: bigint }>({ ...CLOSES, values: [symbols, from] })
    const closes = new Map<string, Map<number, bigint>>()
    for (const { symbol, at, close } of rows) {
      const days = closes.get(symbol) ?? new Map<number, bigint>()
      closes.set(symbol, days.set(Number(at), close))
    }
    return closes
  })
