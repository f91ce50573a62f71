import { decodeEvent } from '../../events/decode.ts'
import type { EventStore, RecordedEvent } from '../../events/store/event-store.ts'
import { accountStream } from '../../events/streams.ts'
import type { PoolClient } from '../../platform/postgres.ts'
import type { Fact, Want } from '../projection.ts'
import { READ_MODELS } from '../read-models.ts'
import { createRowSets } from '../rows/rows.ts'
import { selectList, type Table, type Value } from '../rows/table.ts'

export type Row = Readonly<Record<string, Value>>
export type AnyTable = Table<Record<string, Value>>
/** The rows of one account by table. */
export type AccountRows = ReadonlyMap<AnyTable, readonly Row[]>

/** What a shard holds of an account, as of a commit position. */
export interface StoredAccount {
  readonly position: bigint
  readonly rows: AccountRows
}

/** Longer accounts are left to `rebuild`: a sample must not keep the projector's process busy. */
const MOST_EVENTS = 5_000

/** The tables that belong to accounts. */
const tables = (): readonly AnyTable[] =>
  [...new Set(READ_MODELS.map((model) => model.table as unknown as AnyTable))].filter((table) => 'accountId' in table.columns)

/** The account's rows, all of the transaction's snapshot; undefined for a paused account. How far they should be is the checkpoint's to say: an account's own row may be the wrong one. */
export const storedAccount = async (client: PoolClient, accountId: string): Promise<StoredAccount | undefined> => {
  const { rows } = await client.query<{ position: bigint; paused: boolean }>(
    'SELECT commit_position AS position, EXISTS (SELECT 1 FROM paused_streams WHERE stream_id = $1) AS paused FROM checkpoint',
    [accountStream(accountId)],
  )
  if (!rows[0] || rows[0].paused) return undefined
  const stored = new Map<AnyTable, readonly Row[]>()
  for (const table of tables()) {
    const { rows: found } = await client.query<Row>(`SELECT ${selectList(table, 't')} FROM ${table.name} t WHERE t.account_id = $1`, [
      accountId,
    ])
    stored.set(table, found)
  }
  return { position: rows[0].position, rows: stored }
}

/** The account's events up to a commit position, going on from those read before; undefined when there are too many. */
export const eventsUpTo = async (
  store: EventStore,
  accountId: string,
  position: bigint,
  before: readonly RecordedEvent[] = [],
): Promise<readonly RecordedEvent[] | undefined> => {
  const events = before.filter((event) => event.position.commit <= position)
  if (events.length < before.length) return events
  for await (const event of store.readStream(accountStream(accountId), BigInt(before.length), MOST_EVENTS + 1 - before.length)) {
    if (event.position.commit > position) return events
    events.push(event)
  }
  return events.length > MOST_EVENTS ? undefined : events
}

/** The rows that these events make. What is wanted is wanted before anything is applied, as in a batch: nothing is stored, so every group is known to be empty. */
export const replayed = (events: readonly RecordedEvent[], accountId: string): AccountRows => {
  const rows = createRowSets()
  const known: Want = (table, ...key) => {
    if (!rows.wanted(table as unknown as Table<never>, key)) rows.fill(table, [key], [])
  }
  const facts = events.map(
    (event): Fact => ({ event: decodeEvent(event), accountId, revision: event.revision, position: event.position.commit }),
  )
  for (const fact of facts) for (const model of READ_MODELS) model.reads?.(fact, known, known)
  for (const fact of facts) for (const model of READ_MODELS) model.apply(fact, rows)
  return new Map(tables().map((table) => [table, [...rows.of(table).all()]]))
}

/** A row that is wrong, missing or too many. */
export interface WrongRow {
  readonly table: AnyTable
  /** `<table> <key>`. */
  readonly name: string
  /** Commit position of the event behind it. */
  readonly position: bigint
}

/** Every row in which the stored differ from the right ones. */
export const wrongRows = (stored: AccountRows, right: AccountRows): readonly WrongRow[] =>
  tables().flatMap((table) => differences(table, stored.get(table) ?? [], right.get(table) ?? []))

const differences = (table: AnyTable, stored: readonly Row[], right: readonly Row[]): WrongRow[] => {
  const keyOf = (row: Row): string => table.key.map((field) => String(row[field])).join('/')
  const byKey = new Map(right.map((row) => [keyOf(row), row]))
  const wrong: WrongRow[] = []
  const note = (row: Row): void => void wrong.push({ table, name: `${table.name} ${keyOf(row)}`, position: row.position as bigint })
  for (const row of stored) {
    const expected = byKey.get(keyOf(row))
    byKey.delete(keyOf(row))
    if (!expected) note(row)
    else if (Object.keys(table.columns).some((field) => !same(row[field], expected[field]))) note(expected)
  }
  for (const row of byKey.values()) note(row)
  return wrong
}

const same = (a: Value | undefined, b: Value | undefined): boolean => String(a ?? null) === String(b ?? null)

/** The lowest position behind wrong rows: what came before is sound as far as these rows tell. */
export const firstPositionOf = (wrong: readonly WrongRow[]): bigint => wrong.map(({ position }) => position).reduce(earlier)

const earlier = (a: bigint, b: bigint): bigint => {
  if (b < a) return b
  return a
}
