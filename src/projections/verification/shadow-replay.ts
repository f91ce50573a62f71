import { decodeEvent } from '../../events/decode.ts'
import type { EventStore, RecordedEvent } from '../../events/store/event-store.ts'
import { accountStream } from '../../events/streams.ts'
import { type Pool, type PoolClient, transaction } from '../../platform/postgres.ts'
import type { Fact, Want } from '../projection.ts'
import { READ_MODELS } from '../read-models.ts'
import { createRowSets, type RowSets } from '../rows/rows.ts'
import { selectList, type Table, type Value } from '../rows/table.ts'

/** Rows of an account that are not what its events say. */
export interface Divergence {
  readonly accountId: string
  /** `<table> <key>` of each row that is wrong, missing or too many. */
  readonly rows: readonly string[]
  /** The lowest commit position of an event behind such a row: what came before is sound as far as these rows tell. */
  readonly firstPosition: bigint
}

export type Verdict =
  | { readonly kind: 'equal'; readonly events: number }
  | ({ readonly kind: 'diverged' } & Divergence)
  /** Unknown, paused, or longer than a sample may be. */
  | { readonly kind: 'skipped' }

/** Longer accounts are left to `rebuild`: a sample must not keep the projector's process busy. */
const MOST_EVENTS = 5_000n

type Row = Readonly<Record<string, Value>>
type AnyTable = Table<Record<string, Value>>

/** Replays one account in memory and holds every row of it against the stored ones, all of one snapshot. @throws when store or database are away */
export const verifyAccount = async (store: EventStore, pool: Pool, accountId: string): Promise<Verdict> => {
  const stored = await transaction(pool, (client) => storedRows(client, accountId), 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  if (stored === undefined || stored.revision >= MOST_EVENTS) return { kind: 'skipped' }
  const events: RecordedEvent[] = []
  for await (const event of store.readStream(accountStream(accountId), 0n, Number(stored.revision) + 1)) events.push(event)
  const replayed = replay(events, accountId)
  const wrong = tables().flatMap((table) => differences(table, stored.rows.get(table) ?? [], replayedRows(replayed, table)))
  if (wrong.length === 0) return { kind: 'equal', events: events.length }
  const firstPosition = wrong.map(({ position }) => position).reduce(earlier)
  return { kind: 'diverged', accountId, rows: wrong.map(({ name }) => name), firstPosition }
}

/** The tables that belong to accounts. */
const tables = (): readonly AnyTable[] =>
  [...new Set(READ_MODELS.map((model) => model.table as unknown as AnyTable))].filter((table) => 'accountId' in table.columns)

const storedRows = async (client: PoolClient, accountId: string) => {
  const { rows } = await client.query<{ revision: bigint; paused: boolean }>(
    'SELECT a.revision, EXISTS (SELECT 1 FROM paused_streams WHERE stream_id = $2) AS paused FROM accounts a WHERE a.account_id = $1',
    [accountId, accountStream(accountId)],
  )
  if (!rows[0] || rows[0].paused) return undefined
  const stored = new Map<AnyTable, readonly Row[]>()
  for (const table of tables()) {
    const { rows: found } = await client.query<Row>(`SELECT ${selectList(table, 't')} FROM ${table.name} t WHERE t.account_id = $1`, [
      accountId,
    ])
    stored.set(table, found)
  }
  return { revision: rows[0].revision, rows: stored }
}

/** What is wanted is wanted before anything is applied, as in a batch: nothing is stored, so every group is known to be empty. */
const replay = (events: readonly RecordedEvent[], accountId: string): RowSets => {
  const rows = createRowSets()
  const known: Want = (table, ...key) => {
    if (!rows.wanted(table as unknown as Table<never>, key)) rows.fill(table, [key], [])
  }
  const facts = events.map(
    (event): Fact => ({ event: decodeEvent(event), accountId, revision: event.revision, position: event.position.commit }),
  )
  for (const fact of facts) for (const model of READ_MODELS) model.reads?.(fact, known, known)
  for (const fact of facts) for (const model of READ_MODELS) model.apply(fact, rows)
  return rows
}

const replayedRows = (rows: RowSets, table: AnyTable): readonly Row[] => [...rows.of(table).all()]

const differences = (table: AnyTable, stored: readonly Row[], replayed: readonly Row[]): { name: string; position: bigint }[] => {
  const keyOf = (row: Row): string => table.key.map((field) => String(row[field])).join('/')
  const byKey = new Map(replayed.map((row) => [keyOf(row), row]))
  const wrong: { name: string; position: bigint }[] = []
  const note = (row: Row): void => void wrong.push({ name: `${table.name} ${keyOf(row)}`, position: row.position as bigint })
  for (const row of stored) {
    const right = byKey.get(keyOf(row))
    byKey.delete(keyOf(row))
    if (!right) note(row)
    else if (Object.keys(table.columns).some((field) => !same(row[field], right[field]))) note(right)
  }
  for (const row of byKey.values()) note(row)
  return wrong
}

const same = (a: Value | undefined, b: Value | undefined): boolean => String(a ?? null) === String(b ?? null)

const earlier = (a: bigint, b: bigint): bigint => {
  if (b < a) return b
  return a
}
