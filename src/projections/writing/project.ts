import type { QueryConfig } from 'pg'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import type { PoolClient } from '../../platform/postgres.ts'
import { type Born, type Fact, factOf, type Want } from '../projection.ts'
import { READ_MODELS } from '../read-models.ts'
import { createRowSets, type RowSets } from '../rows/rows.ts'
import { loadRows, type Table, upsertStatement, type Value } from '../rows/table.ts'
import type { Pause } from './paused-streams.ts'

/** Events turned into rows, not yet written. */
export interface Projected {
  readonly rows: RowSets
  /** Events that changed rows or were rightly ignored. */
  readonly applied: number
  /** Streams that stop here, and every event that waits. */
  readonly pauses: readonly Pause[]
  readonly parked: readonly RecordedEvent[]
}

/**
 * Applies events, in order, to the rows they touch: one load per table of what is not known yet, then memory only. An event that can't be read or applied
 * stops its stream and leaves no trace in the rows. Read-modify-write is safe because only who moves the checkpoint writes these rows,
 * and the rows are written only together with a move from the very checkpoint they were read at.
 */
export const project = async (
  client: PoolClient,
  events: readonly RecordedEvent[],
  paused: ReadonlySet<string>,
  rows: RowSets = createRowSets(),
): Promise<Projected> => {
  const stopped = new Set(paused)
  const pauses: Pause[] = []
  const stop = (event: RecordedEvent, error: unknown): void => {
    stopped.add(event.streamId)
    pauses.push({ event, reason: error instanceof Error ? error.message : String(error) })
  }
  const { facts, keys } = await decodeAll(events, stopped, stop, rows)
  // asked for together: on a pipelined connection that is one round trip
  await Promise.all(
    [...keys].map(async ([table, wanted]) => {
      const missing = [...wanted.values()]
      rows.fill(table, missing, await loadRows(client, table, missing))
    }),
  )

  const parked: RecordedEvent[] = []
  // what a fault stops in this very loop must wait too; events stopped while decoding come after their stream's last good one
  const brokenAt = new Map(pauses.map(({ event }) => [event.streamId, event.revision]))
  let applied = 0
  for (const [n, event] of events.entries()) {
    if (n > 0 && n % TURN_EVENTS === 0) await nextTurn()
    const from = brokenAt.get(event.streamId)
    const fact = facts.get(event)
    if (!fact || (from !== undefined && event.revision >= from)) {
      parked.push(event)
      continue
    }
    try {
      for (const model of READ_MODELS) model.apply(fact, rows)
      rows.keep()
      applied++
    } catch (error) {
      rows.revoke()
      const known = pauses.findIndex((pause) => pause.event.streamId === event.streamId)
      if (known >= 0) pauses.splice(known, 1)
      stop(event, error)
      brokenAt.set(event.streamId, event.revision)
      parked.push(event)
    }
  }
  return { rows, applied, pauses, parked }
}

/**
 * Events worked on in one turn, some ten milliseconds: the leases of this process' shards, its other shards and its readers must not wait
 * for a whole batch, on a slow machine least of all.
 */
const TURN_EVENTS = 256
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

type Keys = Map<Table<never>, Map<string, readonly Value[]>>

const decodeAll = async (
  events: readonly RecordedEvent[],
  stopped: Set<string>,
  stop: (event: RecordedEvent, error: unknown) => void,
  rows: RowSets,
) => {
  const facts = new Map<RecordedEvent, Fact>()
  const keys: Keys = new Map()
  const want: Want = (asked, ...key) => {
    const table = asked as unknown as Table<never>
    if (rows.wanted(table, key)) return
    const wanted = keys.get(table) ?? new Map<string, readonly Value[]>()
    wanted.set(key.join('\u0001'), key)
    keys.set(table, wanted)
  }
  const born: Born = (table, ...key) => {
    if (!rows.wanted(table as unknown as Table<never>, key)) rows.fill(table, [key], [])
  }
  for (const [n, event] of events.entries()) {
    if (n > 0 && n % TURN_EVENTS === 0) await nextTurn()
    if (stopped.has(event.streamId)) continue
    try {
      const fact = factOf(event)
      for (const model of READ_MODELS) model.reads?.(fact, want, born)
      facts.set(event, fact)
    } catch (error) {
      stop(event, error)
    }
  }
  return { facts, keys }
}

/** A statement that writes the changed rows of a table, and how many these are. */
export interface RowStatement {
  readonly table: string
  readonly count: number
  readonly statement: QueryConfig
}

/** What writes every changed row: one statement per table. */
export const rowStatements = ({ rows }: Projected): readonly RowStatement[] =>
  READ_MODELS.flatMap(({ table }) => {
    const changed = rows.of(table).changed()
    return changed.length === 0 ? [] : [{ table: table.name, count: changed.length, statement: upsertStatement(table, changed) }]
  })

/** Holds a result against its statement. @throws when a row had been written by a later event: someone writes beside the checkpoint */
export const checkWritten = ({ table, count }: RowStatement, written: number | null): void => {
  if (written !== count) throw new Error(`${table}: ${count - (written ?? 0)} of ${count} rows had been written by a later event`)
}
