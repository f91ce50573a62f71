import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { processIdentity } from './process-identity.ts'

/** `<data>/run/<name>.json`: where a part or role of this data folder is to be found, and which process serves it. */
export interface RunFile {
  readonly pid: number
  readonly port: number
  readonly url?: string
}

/** A run file as read back: also which processes it means, beyond a pid that may be another's by now. */
export interface KnownRun extends RunFile {
  /** A part is stopped with its supervisor, a role stands for itself. */
  readonly kind: 'part' | 'role'
  readonly identity?: string
  /** The child of the supervisor, where another process serves (Postgres, Redis). */
  readonly wrapper?: { readonly pid: number; readonly identity: string }
}

/** Writes the run file of a role, which serves by itself. */
export const writeRunFile = (dataDir: string, name: string, run: RunFile): Promise<void> => write(dataDir, name, { ...run, kind: 'role' })

/** Writes the run file of a supervised part; `childPid` is our child, which may stand in front of the process that serves. */
export const writePartRunFile = (dataDir: string, name: string, run: RunFile, childPid: number): Promise<void> => {
  const identity = childPid === run.pid ? undefined : processIdentity(childPid)
  return write(dataDir, name, { ...run, kind: 'part', ...(identity ? { wrapper: { pid: childPid, identity } } : {}) })
}

export const removeRunFile = (dataDir: string, name: string): Promise<void> => rm(runFilePath(dataDir, name), { force: true })

/** The run file of one part or role; undefined when there is none. */
export const readRunFile = async (dataDir: string, name: string): Promise<KnownRun | undefined> => {
  try {
    return JSON.parse(await readFile(runFilePath(dataDir, name), 'utf8')) as KnownRun
  } catch {
    return undefined
  }
}

/** Names of all parts and roles that have a run file. */
export const runNames = async (dataDir: string): Promise<string[]> => {
  try {
    const files = await readdir(join(dataDir, 'run'))
    return files.filter((file) => file.endsWith('.json') && !file.startsWith('.')).map((file) => file.slice(0, -'.json'.length))
  } catch {
    return []
  }
}

const runFilePath = (dataDir: string, name: string): string => join(dataDir, 'run', `${name}.json`)

/** Atomic: a reader sees the old file or the new one. */
const write = async (dataDir: string, name: string, run: KnownRun): Promise<void> => {
  const folder = join(dataDir, 'run')
  await mkdir(folder, { recursive: true })
  const identity = processIdentity(run.pid)
  const fresh = join(folder, `.${name}.${process.pid}`)
  await writeFile(fresh, `${JSON.stringify({ ...run, ...(identity ? { identity } : {}) })}\n`)
  await rename(fresh, runFilePath(dataDir, name))
}
