import type { QueryConfig } from 'pg'
import { READ_MODELS } from '../../src/projections/read-models.ts'
import { arrayLiteral } from '../../src/projections/rows/array-literal.ts'
import type { RowSets, Rows } from '../../src/projections/rows/rows.ts'
import type { SqlType, Table, Value } from '../../src/projections/rows/table.ts'

/** Rows as plain maps: what a put gives, a get finds; nothing is loaded, revoked or forgotten. */
export interface RawRows extends RowSets {
  /** Every row put since the last call. */
  takeChanged(table: Table<never>): readonly Record<string, Value>[]
}

interface RawSet {
  readonly rows: Map<string, unknown>
  readonly changed: Map<string, unknown>
  readonly groups: Map<string, Set<string>>
}

export const createRawRows = (): RawRows => {
  const sets = new Map<object, RawSet>()
  const set = (table: object): RawSet => {
    const known = sets.get(table)
    if (known) return known
    const made = { rows: new Map(), changed: new Map(), groups: new Map() }
    sets.set(table, made)
    return made
  }
  return {
    of: (table) => rowsOf(table, set(table)),
    wanted: () => true,
    fill: () => undefined,
    keep: () => undefined,
    revoke: () => undefined,
    stored: () => undefined,
    takeChanged: (table) => {
      const { changed } = set(table)
      const rows = [...changed.values()] as Record<string, Value>[]
      changed.clear()
      return rows
    },
  }
}

const rowsOf = <Row>(table: Table<Row>, { rows, changed, groups }: RawSet): Rows<Row> => {
  const grouped = table.loadBy.join() !== table.key.join()
  return {
    get: (...key) => rows.get(key.join('/')) as Row | undefined,
    put: (row) => {
      const key = table.key.map((field) => row[field]).join('/')
      rows.set(key, row)
      changed.set(key, row)
      if (!grouped) return
      const group = table.loadBy.map((field) => row[field]).join('/')
      const members = groups.get(group)
      if (members) members.add(key)
      else groups.set(group, new Set([key]))
    },
    group: (...key) => [...(groups.get(key.join('/')) ?? [])].map((member) => rows.get(member) as Row),
    all: () => rows.values() as Iterable<Row>,
    changed: () => [...changed.values()] as Row[],
  }
}

/** One statement per table with changed rows. */
export const rawStatements = (rows: RawRows): { readonly statement: QueryConfig; readonly rows: number }[] =>
  READ_MODELS.flatMap(({ table }) => {
    const changed = rows.takeChanged(table)
    if (changed.length === 0) return []
    const columns = Object.entries(table.columns) as (readonly [string, readonly [string, SqlType]])[]
    const values = columns.map(([field, [, type]]) => arrayLiteral(type, changed, field))
    return [{ statement: { name: `raw-${table.name}`, text: textOf(table), values }, rows: changed.length }]
  })

const textOf = (table: Table<never>): string => {
  const columns = Object.values(table.columns) as (readonly [string, SqlType])[]
  const key = (table.key as readonly string[]).map((field) => (table.columns as Record<string, readonly [string, SqlType]>)[field]![0])
  const rest = columns.map(([name]) => name).filter((name) => !key.includes(name))
  return `
    INSERT INTO ${table.name} (${columns.map(([name]) => name).join(', ')})
    SELECT * FROM unnest(${columns.map(([, type], i) => `$${i + 1}::${type}[]`).join(', ')})
    ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${rest.map((name) => `${name} = excluded.${name}`).join(', ')}`
}
