import type { Pool, PoolClient } from '../../platform/postgres.ts'
import { withClient } from '../../platform/postgres.ts'
import { STEPS, type Step, TICKS } from './steps.ts'

/** Makes the partitions that rows of these times need; asks the server only for those that this object has not made yet. */
export interface Partitions {
  ensure(table: Step, times: Iterable<number>): Promise<void>
  /** Drops partitions whose time is over at `now`; answers how many. */
  expire(now: number): Promise<number>
}

/** A drop waits no longer than this for its readers, and is tried again later: readers that queue behind it would wait as long. */
const LOCK_MS = 500

export const partitionsOf = (pool: Pool): Partitions => {
  const known = new Set<string>()
  return {
    ensure: async (step, times) => {
      const wanted = new Map<string, number>()
      for (const time of times) {
        const from = time - (time % step.partitionMs)
        wanted.set(nameOf(step, from), from)
      }
      for (const [name, from] of wanted) {
        if (known.has(name)) continue
        await pool.query(createText(step, name, from))
        known.add(name)
      }
    },
    expire: (now) =>
      withClient(pool, async (client) => {
        let dropped = 0
        for (const step of [TICKS, ...STEPS]) {
          for (const { name, from } of await partitionsIn(client, step)) {
            if (step.keepMs === null || from + step.partitionMs > now - step.keepMs) continue
            await client.query(`SET lock_timeout = ${LOCK_MS}; DROP TABLE IF EXISTS ${name}; RESET lock_timeout`)
            known.delete(name)
            dropped++
          }
        }
        return dropped
      }),
  }
}

const tableOf = (step: Step): string => (step === TICKS ? 'ticks' : `candles_${step.name}`)
const nameOf = (step: Step, from: number): string => `${tableOf(step)}_${from / step.partitionMs}`

// Names and bounds are made of our own constants and numbers: DDL takes no parameters.
const createText = (step: Step, name: string, from: number): string => {
  const table = tableOf(step)
  const bounds = `FOR VALUES FROM (${from}) TO (${from + step.partitionMs})`
  const list =
    step === TICKS
      ? ''
      : `CREATE TABLE IF NOT EXISTS ${table} PARTITION OF candles FOR VALUES IN ('${step.name}') PARTITION BY RANGE (at); `
  return `${list}CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table} ${bounds}`
}

const partitionsIn = async (client: PoolClient, step: Step): Promise<readonly { name: string; from: number }[]> => {
  const { rows } = await client.query<{ name: string }>({
    name: 'market-partitions',
    text: `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass($1)`,
    values: [tableOf(step)],
  })
  return rows.flatMap(({ name }) => {
    const number = /_(\d+)$/.exec(name)?.[1]
    return number === undefined ? [] : [{ name, from: Number(number) * step.partitionMs }]
  })
}
