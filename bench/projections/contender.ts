import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { parseArgs } from 'node:util'
import { announceReady, stopWithParent } from '../../src/platform/child.ts'
import { monotonicMs } from '../../src/platform/clock.ts'

/** What a contender is to do: project the log into these databases up to a position. */
export interface Task {
  readonly eventStoreUrl: string
  readonly databaseUrls: readonly string[]
  /** Position of the last event of each shard. */
  readonly heads: readonly bigint[]
}

/** What a contender says when it is done. */
export interface Report {
  readonly seconds: number
  /** CPU time of the contender's own process, ms. */
  readonly cpuMs: number
  /** Rows written, after what a batch collapses. */
  readonly rows: number
}

/** Runs a contender as a process of its own: `run` is timed and answers the rows written; the announcement tells. `prepare` is not timed. */
export const contend = async (
  name: string,
  run: (task: Task) => Promise<number>,
  prepare: (task: Task) => Promise<void> = async () => undefined,
): Promise<void> => {
  const { values } = parseArgs({
    options: { eventstore: { type: 'string' }, databases: { type: 'string' }, heads: { type: 'string' } },
  })
  stopWithParent(async () => process.exit(0))
  const task = {
    eventStoreUrl: values.eventstore!,
    databaseUrls: values.databases!.split(','),
    heads: values.heads!.split(',').map(BigInt),
  }
  await prepare(task)
  const profiled = process.env.BENCH_PROFILE === undefined ? undefined : await startProfile(process.env.BENCH_PROFILE)
  const began = monotonicMs()
  const before = process.cpuUsage()
  const rows = await run(task)
  const used = process.cpuUsage(before)
  const report: Report = { seconds: (monotonicMs() - began) / 1000, cpuMs: (used.user + used.system) / 1000, rows }
  await profiled?.()
  announceReady({ part: name, port: 0, ...report })
}

/** Writes what the processor did until the function given back is called, for Chrome's and Node's viewers. */
const startProfile = async (file: string): Promise<() => Promise<void>> => {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  return async () => {
    const { profile } = await session.post('Profiler.stop')
    writeFileSync(file, JSON.stringify(profile))
  }
}
