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
  /** All changes are stored: forgets what changed, rows of groups that are known in part, and old groups that are out of use. */
  stored(): void
}

/** Groups of a table that are remembered, about 0.5 KB each: the accounts and open orders that a shard works on at a time. */
const MOST_GROUPS = 20_000

export const createRowSets = (mostGroups = MOST_GROUPS): RowSets => {
  const sets = new Map<object, RowSet>()
  const views = new Map<object, unknown>()
  const undo: Change[] = []
  const set = (table: Keyed): RowSet => {
    const known = sets.get(table)
    if (known) return known
    const made: RowSet = { rows: new Map(), changed: [], loose: [], groups: new Map(), asked: false, once: isWrittenOnce(table) }
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
      const one = set(table)
      one.asked = true
      const group = one.groups.get(join(key))
      if (!group) return false
      group.used = true
      return true
    },
    fill: (table, keys, loaded) => {
      const { rows, groups } = set(table)
      for (const key of keys) groups.set(join(key), { members: [], used: false })
      for (const row of loaded) {
        const key = keyOf(table, row)
        const held = { key, row, changed: false }
        rows.set(key, held)
        groups.get(groupOf(table, row, key))?.members.push(held)
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

interface Keyed {
  readonly key: readonly string[]
}

interface RowSet {
  readonly rows: Map<string, Held>
  /** In the order of their first change. */
  readonly changed: Held[]
  /** Rows put whose group is not known as a whole. */
  readonly loose: Held[]
  /** The groups that are known as a whole, newest last. */
  readonly groups: Map<string, Group>
  /** Whether rows of this table were ever wanted: the others are written and never looked at again. */
  asked: boolean
  /** Rows of this table are put once and never looked up: they need no key. */
  readonly once: boolean
}

interface Held {
  readonly key: string
  row: unknown
  changed: boolean
}

interface Group {
  readonly members: Held[]
  /** Whether it was wanted since it was last spared. */
  used: boolean
}

/** A put that can be taken back, newest first: what it added is then the last of every list. */
interface Change {
  readonly set: RowSet
  readonly held: Held
  /** The row before; undefined when there was none. */
  readonly before: unknown
  /** Whether the row had not been changed before. */
  readonly clean: boolean
  /** What a new row was listed in: its group, or the loose ones; undefined for a row written once. */
  readonly list: Held[] | undefined
  /** The group that a new row opened, being its only one. */
  readonly opened: string | undefined
}

const takeBack = ({ set, held, before, clean, list, opened }: Change): void => {
  if (clean) {
    held.changed = false
    set.changed.pop()
  }
  if (before !== undefined) {
    held.row = before
    return
  }
  set.rows.delete(held.key)
  list?.pop()
  if (opened !== undefined) set.groups.delete(opened)
}

const rowsOf = <Row>(table: Table<Row>, set: RowSet, undo: Change[]): Rows<Row> => ({
  get: (...key) => set.rows.get(join(key))?.row as Row | undefined,
  put: (row) => {
    const { rows, changed, loose, groups, asked, once } = set
    if (once) {
      const held = { key: '', row, changed: true }
      changed.push(held)
      undo.push({ set, held, before: undefined, clean: true, list: undefined, opened: undefined })
      return
    }
    const key = keyOf(table, row)
    const known = rows.get(key)
    if (known) {
      undo.push({ set, held: known, before: known.row, clean: !known.changed, list: undefined, opened: undefined })
      known.row = row
      if (!known.changed) changed.push(known)
      known.changed = true
      return
    }
    const held = { key, row, changed: true }
    rows.set(key, held)
    changed.push(held)
    const group = groupOf(table, row, key)
    const members = groups.get(group)?.members
    // a group of its own is known as a whole once its only row is
    const alone = members === undefined && asked && group === key
    if (alone) groups.set(group, { members: [held], used: false })
    const list = members ?? (alone ? undefined : loose)
    list?.push(held)
    undo.push({ set, held, before: undefined, clean: true, list, opened: alone ? group : undefined })
  },
  group: (...key) => {
    const group = set.groups.get(join(key))
    if (!group) throw new Error(`${table.name}: the rows of ${key.join(', ')} were not asked for`)
    return group.members.map(rowOf<Row>)
  },
  all: () => Array.from(set.once ? set.changed : set.rows.values(), rowOf<Row>),
  changed: () => set.changed.map(rowOf<Row>),
})

const rowOf = <Row>({ row }: Held): Row => row as Row

const forget = ({ rows, changed, loose, groups }: RowSet, mostGroups: number): void => {
  for (const held of changed) held.changed = false
  changed.length = 0
  for (const { key } of loose) rows.delete(key)
  loose.length = 0
  // oldest first; one that was used since is spared once and counts as new
  for (const [key, group] of groups) {
    if (groups.size <= mostGroups) break
    groups.delete(key)
    if (group.used) {
      group.used = false
      groups.set(key, group)
    } else for (const member of group.members) rows.delete(member.key)
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

/** One that is keyed by the revision of its event belongs to that event alone. */
const isWrittenOnce = ({ key }: Keyed): boolean => key.includes('revision')
