import type { PoolClient } from '../../platform/postgres.ts'
import { type Candle, candlesOf, type RecordedTick } from './candle.ts'
import type { Partitions } from './partitions.ts'
import { STEPS, TICKS } from './steps.ts'

/**
 * Adds ticks to the ticks, candles and marks, inside the caller's transaction. Ticks of a source with dense numbers count once however often they
 * come: its cursor moves in the same transaction. Answers how many were new.
 */
export const recordTicks = async (client: PoolClient, partitions: Partitions, given: readonly RecordedTick[]): Promise<number> => {
  const ticks = await unseen(client, given)
  if (ticks.length === 0) return 0
  const candles = candlesOf(ticks)
  await partitions.ensure(TICKS, dayOf(ticks))
  for (const step of STEPS)
    await partitions.ensure(
      step,
      candles.filter((candle) => candle.step === step.name).map(({ at }) => at),
    )
  await Promise.all([
    client.query({ name: 'ticks-insert', text: INSERT_TICKS, values: tickColumns(ticks) }),
    client.query({ name: 'candles-upsert', text: UPSERT_CANDLES, values: candleColumns(candles) }),
    client.query({ name: 'marks-upsert', text: UPSERT_MARKS, values: markColumns(ticks) }),
  ])
  return ticks.length
}

/** The source of a tick, without the number of the observation. */
const sourceOf = ({ sourceId }: RecordedTick): string => sourceId.slice(0, sourceId.lastIndexOf(':'))

const unseen = async (client: PoolClient, ticks: readonly RecordedTick[]): Promise<readonly RecordedTick[]> => {
  const numbered = new Map<string, { readonly symbol: string; readonly source: string; last: number }>()
  const keyOf = (tick: RecordedTick): string => `${tick.symbol}\u0001${sourceOf(tick)}`
  for (const tick of ticks) {
    if (tick.sequence === null) continue
    const key = keyOf(tick)
    const known = numbered.get(key)
    if (!known) numbered.set(key, { symbol: tick.symbol, source: sourceOf(tick), last: tick.sequence })
    else if (tick.sequence > known.last) known.last = tick.sequence
  }
  if (numbered.size === 0) return ticks
  const moved = [...numbered.values()]
  const { rows } = await client.query<{ symbol: string; source: string; before: bigint }>({
    name: 'tick-cursors-move',
    text: MOVE_CURSORS,
    values: [moved.map(({ symbol }) => symbol), moved.map(({ source }) => source), moved.map(({ last }) => last)],
  })
  const before = new Map(rows.map((row) => [`${row.symbol}\u0001${row.source}`, Number(row.before)]))
  return ticks.filter((tick) => tick.sequence === null || tick.sequence > (before.get(keyOf(tick)) ?? -1))
}

// The cursor as it was comes back with its move: the row lock orders two recorders, should there ever be two.
const MOVE_CURSORS = `
  WITH moved AS (SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS t (symbol, source, sequence)),
  before AS (SELECT c.* FROM tick_cursors c JOIN moved USING (symbol, source) FOR UPDATE OF c),
  written AS (
    INSERT INTO tick_cursors AS c SELECT * FROM moved
    ON CONFLICT (symbol, source) DO UPDATE SET sequence = greatest(c.sequence, excluded.sequence)
  )
  SELECT symbol, source, sequence AS before FROM before`

const dayOf = (ticks: readonly RecordedTick[]): ReadonlySet<number> => new Set(ticks.map(({ time }) => time - (time % TICKS.partitionMs)))

/** Arrays as the server reads them: numbers need no quotes, and the driver's own way of writing arrays costs more than the insert. */
const numbers = (values: readonly (number | bigint)[]): string => `{${values.join(',')}}`
const texts = (values: readonly string[]): string => `{${values.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`

const INSERT_TICKS = `
  INSERT INTO ticks (symbol, at, price, volume, source_id)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::numeric[], $4::numeric[], $5::text[])`

const tickColumns = (ticks: readonly RecordedTick[]) => [
  texts(ticks.map(({ symbol }) => symbol)),
  numbers(ticks.map(({ time }) => time)),
  numbers(ticks.map(({ price }) => price)),
  numbers(ticks.map(({ volume }) => volume)),
  texts(ticks.map(({ sourceId }) => sourceId)),
]

const UPSERT_CANDLES = `
  INSERT INTO candles AS c (symbol, step, at, open, high, low, close, volume, ticks, opened_at, closed_at)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[],
    $9::bigint[], $10::bigint[], $11::bigint[])
  ON CONFLICT (step, symbol, at) DO UPDATE SET
    open = CASE WHEN excluded.opened_at < c.opened_at THEN excluded.open ELSE c.open END,
    close = CASE WHEN excluded.closed_at >= c.closed_at THEN excluded.close ELSE c.close END,
    high = greatest(c.high, excluded.high), low = least(c.low, excluded.low),
    volume = c.volume + excluded.volume, ticks = c.ticks + excluded.ticks,
    opened_at = least(c.opened_at, excluded.opened_at), closed_at = greatest(c.closed_at, excluded.closed_at)`

const candleColumns = (candles: readonly Candle[]) => [
  texts(candles.map(({ symbol }) => symbol)),
  texts(candles.map(({ step }) => step)),
  ...(['at', 'open', 'high', 'low', 'close', 'volume', 'ticks', 'openedAt', 'closedAt'] as const).map((field) =>
    numbers(candles.map((candle) => candle[field])),
  ),
]

// An older price never takes the place of a newer one.
const UPSERT_MARKS = `
  INSERT INTO marks AS m (symbol, price, source_id, at)
  SELECT * FROM unnest($1::text[], $2::numeric[], $3::text[], $4::bigint[])
  ON CONFLICT (symbol) DO UPDATE SET price = excluded.price, source_id = excluded.source_id, at = excluded.at WHERE m.at <= excluded.at`

const markColumns = (ticks: readonly RecordedTick[]) => {
  const newest = new Map<string, RecordedTick>()
  for (const tick of ticks) if (tick.time >= (newest.get(tick.symbol)?.time ?? 0)) newest.set(tick.symbol, tick)
  const marks = [...newest.values()]
  return [
    texts(marks.map(({ symbol }) => symbol)),
    numbers(marks.map(({ price }) => price)),
    texts(marks.map(({ sourceId }) => sourceId)),
    numbers(marks.map(({ time }) => time)),
  ]
}
