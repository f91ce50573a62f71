import { systemClock } from '../../src/platform/clock.ts'
import { spawnPart } from '../../src/platform/part-process.ts'
import { startPart } from '../harness-process.ts'
import type { Report, Task } from './contender.ts'
import { heldIn } from './databases.ts'

/** A run of minutes has hung. */
const LONGEST_MS = 300_000

const entryOf = (contender: string): string => `../bench/projections/${contender}-process`
const argsOf = ({ eventStoreUrl, databaseUrls, heads }: Task): readonly string[] => [
  ...['--eventstore', eventStoreUrl, '--databases', databaseUrls.join(','), '--heads', heads.join(',')],
]

/** Runs a contender to its end, in a process of its own. */
export const runContender = async (contender: string, task: Task): Promise<Report> => {
  const part = await startPart(entryOf(contender), argsOf(task), LONGEST_MS)
  await part.stop()
  return part.announcement as unknown as Report
}

/** Kills the product without a word once about a third is done, and lets another process finish. */
export const killedMidway = async (task: Task): Promise<void> => {
  const part = spawnPart(entryOf('product'), argsOf(task), {}, LONGEST_MS)
  while ((await heldIn(task.databaseUrls)).events < 10_000) await systemClock.sleep(50)
  process.kill(part.pid, 'SIGKILL')
  await part.ended
  await runContender('product', task)
}
