import { z } from 'zod'
import { formatPrice } from '../../platform/decimal.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { STEPS } from '../../projections/market/steps.ts'
import { ofMarket, type ReaderDeps } from '../reader.ts'
import { decodeCursor, encodeCursor } from '../request/cursor.ts'
import { ListQuery, limitOf } from '../request/parameters.ts'
import { later } from '../shards/shard-cache.ts'
import { pageReply } from './account-list.ts'

const SymbolText = z.string().regex(/^[A-Za-z0-9._-]{1,20}\/[A-Za-z0-9._-]{1,20}$/, 'must be BASE/QUOTE')
const TimeText = z.iso.datetime({ offset: true, error: 'must be a time as in 2025-05-04T12:00:00Z' })
const Query = ListQuery.omit({ minPosition: true }).extend({
  symbol: SymbolText,
  interval: z
    .string()
    .refine((name) => STEPS.some((step) => step.name === name), `must be one of ${STEPS.map(({ name }) => name).join(', ')}`),
  from: TimeText.optional(),
  to: TimeText.optional(),
})

interface Row {
  readonly at: bigint
  readonly open: bigint
  readonly high: bigint
  readonly low: bigint
  readonly close: bigint
  readonly volume: bigint
  readonly ticks: bigint
}

// Interval and times are constants of the plan's pruning: only partitions of the asked time are opened, each by its primary key.
const NEWEST_FIRST = {
  name: 'candles-newest-first',
  text: `
    SELECT at, open, high, low, close, volume, ticks FROM candles
    WHERE step = $1 AND symbol = $2 AND at >= $3::bigint AND at < $4::bigint ORDER BY at DESC LIMIT $5::integer`,
}

/** The end of time as a query can say it. */
const NEVER = 2 ** 53 - 1

/** GET /v1/candles?symbol=&interval=1s|1m|5m|15m|1h|1d&from=&to=, newest first; `from` counts, `to` does not. */
export const candlesRoute = (deps: ReaderDeps): Route =>
  route({
    method: 'GET',
    path: '/v1/candles',
    scope: 'read',
    query: Query,
    handle: async ({ query }) => {
      const list = `candles/${query.symbol}/${query.interval}`
      const cursor = decodeCursor<[number]>(query.cursor, deps.logId, list, z.tuple([z.number().int()]))
      if ('refusal' in cursor) return cursor
      const to = Math.min(cursor.key?.[0] ?? NEVER, query.to === undefined ? NEVER : Date.parse(query.to))
      const from = query.from === undefined ? 0 : Date.parse(query.from)
      const limit = limitOf(query)
      const values = [query.interval, query.symbol, from, to, limit + 1]
      const read = await ofMarket(deps, async (pool) => (await pool.query<Row>({ ...NEWEST_FIRST, values })).rows)
      if ('refusal' in read) return read
      const shown = read.slice(0, limit)
      const last = shown.at(-1)
      return pageReply({
        data: shown.map(candleDocument),
        nextCursor: last && read.length > limit ? encodeCursor(deps.logId, list, [Number(last.at)]) : null,
        // candles come from the market, not from the log: this only tells how far the reader's log is
        asOf: later(deps.shards.map(({ progress }) => progress.known()).reduce(later), 0n),
        incomplete: false,
      })
    },
  })

const candleDocument = ({ at, open, high, low, close, volume, ticks }: Row) => ({
  time: new Date(Number(at)).toISOString(),
  open: formatPrice(open),
  high: formatPrice(high),
  low: formatPrice(low),
  close: formatPrice(close),
  volume: formatPrice(volume),
  ticks: Number(ticks),
})
