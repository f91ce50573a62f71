import { readFileSync } from 'node:fs'
import { type PartAnnouncement, spawnPart } from '../src/platform/part-process.ts'

export interface BenchPart {
  readonly pid: number
  readonly announcement: PartAnnouncement
  stop(): Promise<void>
}

/** Starts a part of the product, or of bench/, as a child process: `entry` is below src/ without extension. @throws when it does not get ready */
export const startPart = async (
  entry: string,
  args: readonly string[],
  readyMs = 60_000,
  env: Readonly<Record<string, string>> = {},
): Promise<BenchPart> => {
  const part = spawnPart(entry, args, { QUANTBOT_LOG: process.env.QUANTBOT_LOG ?? 'error', ...env }, readyMs)
  const start = await part.started
  if (start.kind !== 'ready') {
    await part.stop()
    throw new Error(`${entry}: ${start.reason}`)
  }
  return { pid: part.pid, announcement: start.announcement, stop: part.stop }
}

/** Clock ticks a second of /proc, on every Linux that Node supports. */
const TICKS = 100

/** CPU time a process has used so far, ms; null where the system does not tell. */
export const cpuMsOf = (pid: number): number | null => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS
  } catch {
    return null
  }
}

/** CPU time of a process and of its children that have ended, ms: what a Postgres server used once its clients are gone; null where the system does not tell. */
export const cpuMsWithChildren = (pid: number): number | null => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return ([11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) * 1000) / TICKS
  } catch {
    return null
  }
}
