import type { Table, Value } from './table.ts'

/** The rows of one table that a batch works on: loaded before, changed by events, written after. */
export interface Rows<Row> {
  get(...key: Value[]): Row | undefined
  put(row: Row): void
  /** The rows of a group that was wanted (values of `loadBy`), those put meanwhile among them. */
  group(...key: Value[]): readonly Row[]
  /** Every row known. */
  all(): Iterable<Row>
  changed(): Row[]
}

/** The rows of all tables, with the changes of the current event revocable. They outlive a batch: what was read or written need not be loaded again. */
export interface RowSets {
  of<Row>(table: Table<Row>): Rows<Row>
  /** Whether all stored rows of this group are known: else they have to be loaded before events are applied. */
  wanted(table: Table<never>, key: readonly Value[]): boolean
  /** Makes the loaded rows of these groups known; a group without rows is known to have none. */
  fill<Row>(table: Table<Row>, keys: readonly (readonly Value[])[], rows: readonly Row[]): void
  /** Keeps what the last event changed. */
  keep(): void
  /** Takes back what the last event changed: an event applies whole or not at all. */
  revoke(): void
  /** All changes are stored: forgets what changed, rows of groups that are known in part, and the groups longest unused. */
  stored(): void
}

/** Groups of a table that are remembered, about 0.5 KB each: the accounts and open orders that a shard works on at a time. */
const MOST_GROUPS = 20_000

export const createRowSets = (mostGroups = MOST_GROUPS): RowSets => {
  const sets = new Map<object, RowSet>()
  const views = new Map<object, unknown>()
  const undo: Change[] = []
  const set = (table: object): RowSet => {
    const known = sets.get(table)
    if (known) return known
    const made: RowSet = { rows: new Map(), changed: new Set(), loose: new Set(), groups: new Map(), asked: false }
    sets.set(table, made)
    return made
  }
  return {
    // asked for a dozen times an event: the same view every time
    of: <Row>(table: Table<Row>) => {
      const known = views.get(table)
      if (known !== undefined) return known as Rows<Row>
      const made = rowsOf(table, set(table), undo)
      views.set(table, made)
      return made
    },
    wanted: (table, key) => {
      const { groups, asked } = set(table)
      const group = join(key)
      const members = groups.get(group)
      if (!asked) set(table).asked = true
      if (!members) return false
      // the last one asked for is the last one forgotten
      groups.delete(group)
      groups.set(group, members)
      return true
    },
    fill: (table, keys, loaded) => {
      const { rows, groups } = set(table)
      for (const key of keys) groups.set(join(key), new Set())
      for (const row of loaded) {
        const key = keyOf(table, row)
        rows.set(key, row)
        groups.get(groupOf(table, row, key))?.add(key)
      }
    },
    keep: () => {
      undo.length = 0
    },
    revoke: () => {
      for (let change = undo.pop(); change; change = undo.pop()) takeBack(change)
    },
    stored: () => {
      for (const one of sets.values()) forget(one, mostGroups)
    },
  }
}

interface RowSet {
  readonly rows: Map<string, unknown>
  readonly changed: Set<string>
  /** Rows put whose group is not known as a whole. */
  readonly loose: Set<string>
  /** The keys of the rows of each group that is known as a whole, longest unused first. */
  readonly groups: Map<string, Set<string>>
  /** Whether rows of this table were ever wanted: the others are written and never looked at again. */
  asked: boolean
}

/** A put that can be taken back. */
interface Change {
  readonly set: RowSet
  readonly key: string
  /** The row before; undefined when there was none. */
  readonly before: unknown
  /** Whether the row had not been changed before. */
  readonly clean: boolean
  /** The group that a new row became known in; undefined where none is known. */
  readonly members: Set<string> | undefined
  /** The group that a new row opened, being its only one. */
  readonly opened: string | undefined
}

const takeBack = ({ set, key, before, clean, members, opened }: Change): void => {
  if (clean) set.changed.delete(key)
  if (before !== undefined) {
    set.rows.set(key, before)
    return
  }
  set.rows.delete(key)
  set.loose.delete(key)
  members?.delete(key)
  if (opened !== undefined) set.groups.delete(opened)
}

const rowsOf = <Row>(table: Table<Row>, set: RowSet, undo: Change[]): Rows<Row> => ({
  get: (...key) => set.rows.get(join(key)) as Row | undefined,
  put: (row) => {
    const { rows, changed, loose, groups, asked } = set
    const key = keyOf(table, row)
    const before = rows.get(key)
    const clean = !changed.has(key)
    rows.set(key, row)
    changed.add(key)
    if (before !== undefined) {
      undo.push({ set, key, before, clean, members: undefined, opened: undefined })
      return
    }
    const group = groupOf(table, row, key)
    const members = groups.get(group)
    // a group of its own is known as a whole once its only row is
    const alone = members === undefined && asked && group === key
    if (members) members.add(key)
    else if (alone) groups.set(group, new Set([key]))
    else loose.add(key)
    undo.push({ set, key, before, clean, members, opened: alone ? group : undefined })
  },
  group: (...key) => {
    const members = set.groups.get(join(key))
    if (!members) throw new Error(`${table.name}: the rows of ${key.join(', ')} were not asked for`)
    return [...members].map((member) => set.rows.get(member) as Row)
  },
  all: () => set.rows.values() as Iterable<Row>,
  changed: () => [...set.changed].map((key) => set.rows.get(key) as Row),
})

const forget = ({ rows, changed, loose, groups }: RowSet, mostGroups: number): void => {
  changed.clear()
  for (const key of loose) rows.delete(key)
  loose.clear()
  for (const [group, members] of groups) {
    if (groups.size <= mostGroups) break
    groups.delete(group)
    for (const key of members) rows.delete(key)
  }
}

/** Ids hold no control characters, so the join is one to one. */
const join = (key: readonly unknown[]): string => (key.length === 1 ? String(key[0]) : key.join('\u0001'))
const keyOf = <Row>({ key }: Table<Row>, row: Row): string =>
  key.length === 1 ? String(row[key[0]!]) : key.length === 2 ? `${row[key[0]!]}\u0001${row[key[1]!]}` : join(key.map((field) => row[field]))
const groupOf = <Row>({ key, loadBy }: Table<Row>, row: Row, rowKey: string): string =>
  sameFields(key, loadBy) ? rowKey : join(loadBy.map((field) => row[field]))

const sameFields = (key: readonly string[], loadBy: readonly string[]): boolean =>
  key.length === loadBy.length && key.every((field, i) => field === loadBy[i])
