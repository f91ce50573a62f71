import { z } from 'zod'
import { formatUnits } from '../../platform/decimal.ts'
import type { Reply, Route } from '../../platform/http/route.ts'
import { type Fifo, holdingOf, type Lot } from '../../projections/read-models/fifo.ts'
import { lotQueuesTable } from '../../projections/read-models/lots.ts'
import { type PositionRow, positionsTable } from '../../projections/read-models/positions.ts'
import { selectList } from '../../projections/rows/table.ts'
import { holdingDocument, type Mark, markDocument, readMarks, valueAt } from '../marks.ts'
import { type AccountRows, type ReaderDeps, type ReadShard, readAccount } from '../reader.ts'
import { AccountIdText, ReadQuery } from '../request/parameters.ts'
import { accountRead, dataReply, notFound } from './account-read.ts'

/** A symbol's position under either method. Quote units. */
export interface Holding {
  readonly symbol: string
  readonly qty: bigint
  readonly cost: bigint
  readonly realized: bigint
  readonly baseDecimals: number
  readonly quoteDecimals: number
}

const AVERAGE = {
  name: 'pnl-avg',
  text: `SELECT true AS "found", ${selectList(positionsTable, 'p')} FROM positions p WHERE p.account_id = $1 ORDER BY p.symbol`,
}

// The totals and, by one step into the index, the lot that their mark stands in: no lot before or after it is read.
const FIFO = {
  name: 'pnl-fifo',
  text: `
    SELECT true AS "found", ${selectList(lotQueuesTable, 'q')}, row_to_json(oldest)::text AS "oldest"
    FROM lot_queues q LEFT JOIN LATERAL (
      SELECT l.qty::text AS qty, l.quote::text AS quote, l.up_to::text AS "upTo", l.quote_up_to::text AS "quoteUpTo" FROM lots l
      WHERE l.account_id = q.account_id AND l.symbol = q.symbol AND l.run = q.run AND l.up_to > q.closed
      ORDER BY l.up_to LIMIT 1
    ) oldest ON true
    WHERE q.account_id = $1 ORDER BY q.symbol`,
}
type FifoRow = Fifo & Pick<Holding, 'symbol' | 'baseDecimals' | 'quoteDecimals'> & { readonly oldest: string | null }

/** GET /v1/accounts/:accountId/pnl?method=fifo|avg: realised and unrealised by symbol, the mark cited; avg where not said. */
export const pnlRoute = (deps: ReaderDeps): Route =>
  accountRead(deps, {
    path: '/v1/accounts/:accountId/pnl',
    params: z.object({ accountId: AccountIdText }),
    query: ReadQuery.extend({ method: z.enum(['fifo', 'avg']).optional() }),
    accountOf: ({ accountId }) => accountId!,
    answer: async ({ accountId, shard, query }) => {
      const method = query.method === 'fifo' ? 'fifo' : 'avg'
      return valued(deps, await (method === 'fifo' ? readFifo(shard, accountId) : readAverage(shard, accountId)), (holdings, marks) => {
        const bySymbol = holdings.map((held) => pnlOf(held, marks.get(held.symbol), deps.clock.now()))
        return { method, bySymbol }
      })
    },
  })

type Read<Row> = AccountRows<Row> | Exclude<Awaited<ReturnType<typeof readAccount>>, AccountRows<unknown>>

/** Average cost of an account's symbols. */
export const readAverage = (shard: ReadShard, accountId: string): Promise<Read<Holding>> =>
  readAccount<PositionRow>(shard, accountId, AVERAGE, [])

const readFifo = async (shard: ReadShard, accountId: string): Promise<Read<Holding>> => {
  const read = await readAccount<FifoRow>(shard, accountId, FIFO, [])
  return 'refusal' in read ? read : { ...read, rows: read.rows.map((row) => ({ ...row, ...holdingOf(row, oldestOf(row)) })) }
}

const oldestOf = ({ oldest, run, side }: FifoRow): Lot | undefined => {
  if (oldest === null) return undefined
  const { qty, quote, upTo, quoteUpTo } = JSON.parse(oldest) as Record<'qty' | 'quote' | 'upTo' | 'quoteUpTo', string>
  return { run, side, qty: BigInt(qty), quote: BigInt(quote), upTo: BigInt(upTo), quoteUpTo: BigInt(quoteUpTo) }
}

/** Answers an account's holdings with the marks of their symbols, or why it can't. */
export const valued = async (
  deps: ReaderDeps,
  read: Read<Holding>,
  document: (holdings: readonly Holding[], marks: ReadonlyMap<string, Mark>) => unknown,
): Promise<Reply> => {
  if ('refusal' in read) return read
  const { rows, known } = read
  if (!known) return notFound(read, 'no such account')
  const marks = await readMarks(
    deps,
    rows.map(({ symbol }) => symbol),
  )
  if ('refusal' in marks) return marks
  return dataReply(document(rows, marks), read)
}

/** Without a mark what is open is worth nothing that could be told: unrealised is null then, unless flat. */
const pnlOf = (held: Holding, mark: Mark | undefined, now: number) => {
  const { symbol, qty, cost, realized, quoteDecimals } = held
  const unrealized = qty === 0n ? 0n : mark && valueAt(mark, qty, held) - cost
  const quote = (units: bigint | undefined): string | null => (units === undefined ? null : formatUnits(units, quoteDecimals))
  return {
    symbol,
    ...holdingDocument(qty, cost, held),
    realizedPnl: formatUnits(realized, quoteDecimals),
    unrealizedPnl: quote(unrealized),
    totalPnl: quote(unrealized === undefined ? undefined : realized + unrealized),
    mark: mark ? markDocument(mark, now) : null,
  }
}
