import type { Table, Value } from './table.ts'

/** The rows of one table that a batch works on: loaded before, changed by events, written after. */
export interface Rows<Row> {
  get(...key: Value[]): Row | undefined
  put(row: Row): void
  /** Every row known to the batch. */
  all(): Iterable<Row>
  changed(): Row[]
}

/** The rows of all tables, with the changes of the current event revocable. */
export interface RowSets {
  of<Row>(table: Table<Row>): Rows<Row>
  /** Makes loaded rows known. */
  fill<Row>(table: Table<Row>, rows: readonly Row[]): void
  /** Keeps what the last event changed. */
  keep(): void
  /** Takes back what the last event changed: an event applies whole or not at all. */
  revoke(): void
}

export const createRowSets = (): RowSets => {
  const sets = new Map<object, RowSet>()
  let undo: (() => void)[] = []
  const set = <Row>(table: Table<Row>): RowSet => {
    const known = sets.get(table)
    if (known) return known
    const made: RowSet = { rows: new Map(), dirty: new Set() }
    sets.set(table, made)
    return made
  }
  return {
    of: <Row>(table: Table<Row>): Rows<Row> => {
      const { rows, dirty } = set(table)
      return {
        get: (...key) => rows.get(join(key)) as Row | undefined,
        put: (row) => {
          const key = keyOf(table, row)
          const before = rows.get(key)
          const clean = !dirty.has(key)
          undo.push(() => {
            if (before === undefined) rows.delete(key)
            else rows.set(key, before)
            if (clean) dirty.delete(key)
          })
          rows.set(key, row)
          dirty.add(key)
        },
        all: () => rows.values() as Iterable<Row>,
        changed: () => [...dirty].map((key) => rows.get(key) as Row),
      }
    },
    fill: (table, loaded) => {
      const { rows } = set(table)
      for (const row of loaded) rows.set(keyOf(table, row), row)
    },
    keep: () => {
      undo = []
    },
    revoke: () => {
      for (const step of undo.reverse()) step()
      undo = []
    },
  }
}

interface RowSet {
  readonly rows: Map<string, unknown>
  readonly dirty: Set<string>
}

/** Ids hold no control characters, so the join is one to one. */
const join = (key: readonly unknown[]): string => key.join('\u0001')
const keyOf = <Row>(table: Table<Row>, row: Row): string => join(table.key.map((field) => row[field]))
