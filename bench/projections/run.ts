import { systemClock } from '../../src/platform/clock.ts'
import { spawnPart } from '../../src/platform/part-process.ts'
import { startPart } from '../harness-process.ts'
import type { Report, Task } from './contender.ts'
import { eventsIn } from './databases.ts'

/** A run of minutes has hung. */
const LONGEST_MS = 900_000

/** `emmett:<mode>` runs the peer in one of its modes. */
const entryOf = (contender: string): string => `../bench/projections/${contender.split(':')[0]}-process`
const envOf = (contender: string): Readonly<Record<string, string>> =>
  contender.includes(':') ? { EMMETT_MODE: contender.split(':')[1]! } : {}
const argsOf = ({ eventStoreUrl, databaseUrls, heads }: Task): readonly string[] => [
  ...['--eventstore', eventStoreUrl, '--databases', databaseUrls.join(','), '--heads', heads.join(',')],
]

/** Runs a contender to its end, in a process of its own. */
export const runContender = async (contender: string, task: Task): Promise<Report> => {
  const part = await startPart(entryOf(contender), argsOf(task), LONGEST_MS, envOf(contender))
  await part.stop()
  return part.announcement as unknown as Report
}

/** Kills a contender without a word once a part is done, and lets another process finish. */
export const killedMidway = async (contender: string, task: Task, after = 10_000): Promise<void> => {
  const part = spawnPart(entryOf(contender), argsOf(task), envOf(contender), LONGEST_MS)
  while ((await eventsIn(task.databaseUrls)) < after) await systemClock.sleep(50)
  process.kill(part.pid, 'SIGKILL')
  await part.ended
  await runContender(contender, task)
}
