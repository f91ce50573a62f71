import { systemClock } from '../../src/platform/clock.ts'
import { spawnPart } from '../../src/platform/part-process.ts'
import { startPart } from '../harness-process.ts'
import type { Report, Task } from './contender.ts'
import { eventsIn } from './databases.ts'

/** A run of minutes has hung. */
const LONGEST_MS = 900_000

/** `emmett:<mode>` runs the peer in one of its modes, `product:<n>` as many projectors beside each other. */
const entryOf = (contender: string): string => `../bench/projections/${contender.split(':')[0]}-process`
const envOf = (contender: string): Readonly<Record<string, string>> =>
  contender.startsWith('emmett:') ? { EMMETT_MODE: contender.split(':')[1]! } : {}
const processesOf = (contender: string): number => (contender.startsWith('product:') ? Number(contender.split(':')[1]) : 1)
const argsOf = ({ eventStoreUrl, databaseUrls, heads }: Task): readonly string[] => [
  ...['--eventstore', eventStoreUrl, '--databases', databaseUrls.join(','), '--heads', heads.join(',')],
]

/** Runs a contender to its end, in a process of its own, or in several: done when the last one is, by the work of all. */
export const runContender = async (contender: string, task: Task): Promise<Report> => {
  const reports = await Promise.all(
    Array.from({ length: processesOf(contender) }, async () => {
      const part = await startPart(entryOf(contender), argsOf(task), LONGEST_MS, envOf(contender))
      await part.stop()
      return part.announcement as unknown as Report
    }),
  )
  const sum = (count: keyof Report): number => reports.reduce((total, report) => total + report[count], 0)
  return { seconds: Math.max(...reports.map(({ seconds }) => seconds)), cpuMs: sum('cpuMs'), rows: sum('rows') }
}

/** Kills a contender without a word once a part is done, and lets another process finish. */
export const killedMidway = async (contender: string, task: Task, after = 10_000): Promise<void> => {
  const part = spawnPart(entryOf(contender), argsOf(task), envOf(contender), LONGEST_MS)
  while ((await eventsIn(task.databaseUrls)) < after) await systemClock.sleep(50)
  process.kill(part.pid, 'SIGKILL')
  await part.ended
  await runContender(contender, task)
}
