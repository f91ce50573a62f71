import type { Pool } from '../../../src/platform/postgres.ts'

/** A statement as it was sent. */
export interface Sent {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}

/** What running it took. */
export interface Plan {
  /** Rows read by table, those thrown away by a filter among them. */
  readonly touched: ReadonlyMap<string, number>
  /** Indexes used. */
  readonly indexes: ReadonlySet<string>
  /** Tables read whole. */
  readonly scanned: ReadonlySet<string>
  /** Partitions and tables read at all. */
  readonly relations: ReadonlySet<string>
}

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly Node[]
}

/** Runs the statement under EXPLAIN ANALYZE, as a generic plan if it is prepared often: with the values it was sent with. */
export const planOf = async (pool: Pool, { text, values }: Sent): Promise<Plan> => {
  const { rows } = await pool.query<{ 'QUERY PLAN': readonly [{ Plan: Node }] }>({
    ...{ text: `EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF, COSTS OFF) ${text}`, values: [...values] },
  })
  const indexes = new Set<string>()
  const scanned = new Set<string>()
  const relations = new Set<string>()
  const touched = new Map<string, number>()
  const walk = (node: Node): void => {
    const relation = node['Relation Name']
    if (node['Index Name'] !== undefined) indexes.add(node['Index Name'])
    if (relation !== undefined && node['Actual Loops'] > 0) {
      relations.add(relation)
      if (node['Node Type'] === 'Seq Scan') scanned.add(relation)
      const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)
      touched.set(relation, (touched.get(relation) ?? 0) + (node['Actual Rows'] + removed) * node['Actual Loops'])
    }
    for (const child of node.Plans ?? []) walk(child)
  }
  walk(rows[0]!['QUERY PLAN'][0].Plan)
  return { touched, indexes, scanned, relations }
}
