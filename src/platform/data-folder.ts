import { chmod, link, mkdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from './clock.ts'
import { isAlive, processIdentity } from './process-identity.ts'
import { type KnownRun, readRunFile, removeRunFile, runNames } from './runfile.ts'

export type DataFolderOutcome =
  | {
      readonly ok: true
      /** Parts of a killed predecessor that were still running and have been stopped. */
      readonly stopped: readonly string[]
      release(): Promise<void>
    }
  /** Another live process runs parts on this folder. */
  | { readonly ok: false; readonly heldBy: number }

/**
 * Makes the data folder and claims it for the one process that runs embedded parts on it; stops what a killed predecessor left
 * running and removes its run files. A process without embedded parts needs no claim.
 */
export const claimDataFolder = async (dataDir: string, clock: Clock = systemClock): Promise<DataFolderOutcome> => {
  await mkdir(join(dataDir, 'run'), { recursive: true })
  // As root, Postgres runs as another user and has to get through; nobody but the owner may list it. Secrets in it are 0600.
  if (process.getuid?.() === 0) await chmod(dataDir, 0o711)
  const heldBy = await takeLock(lockFile(dataDir))
  if (heldBy !== undefined) return { ok: false, heldBy }
  const stopped = await stopLeftovers(dataDir, clock)
  return { ok: true, stopped, release: () => rm(lockFile(dataDir), { force: true }) }
}

const lockFile = (dataDir: string): string => join(dataDir, 'run', 'claim')

/** Takes the lock, also from a dead holder; otherwise the live holder's pid. */
const takeLock = async (file: string): Promise<number | undefined> => {
  const mine = `${file}.${process.pid}`
  await writeFile(mine, JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }))
  try {
    for (;;) {
      try {
        await link(mine, file) // fails when it exists: the one atomic step
        return undefined
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const holder = await readHolder(file)
      if (holder && isAlive(holder.pid, holder.identity)) return holder.pid
      await unlink(file).catch(() => {})
    }
  } finally {
    await rm(mine, { force: true })
  }
}

const readHolder = async (file: string): Promise<{ pid: number; identity: string } | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}

// A part whose parent died stops by itself; this is how long it may take before it is made to.
const LEFTOVER_GRACE_MS = 5_000

const stopLeftovers = async (dataDir: string, clock: Clock): Promise<string[]> => {
  const stopped: string[] = []
  for (const name of await runNames(dataDir)) {
    const run = await readRunFile(dataDir, name)
    // A role that lives here has real services and the folder in common with us: its file is its own.
    if (run?.kind === 'role' && living(run).length > 0) continue
    if (run && (await stopRun(run, clock))) stopped.push(name)
    await removeRunFile(dataDir, name)
  }
  return stopped
}

type Identified = { readonly pid: number; readonly identity: string }

/** The processes of a run file that still live; a pid that was given to another process meanwhile is not among them. */
const living = (run: KnownRun): Identified[] =>
  [run.wrapper, run.identity === undefined ? undefined : { pid: run.pid, identity: run.identity }]
    .filter((it) => it !== undefined)
    .filter((it) => isAlive(it.pid, it.identity))

const stopRun = async (run: KnownRun, clock: Clock): Promise<boolean> => {
  const found = living(run)
  for (const { pid } of found) send(pid, 'SIGTERM')
  for (let waited = 0; waited < LEFTOVER_GRACE_MS && living(run).length > 0; waited += 20) await clock.sleep(20)
  for (const { pid } of living(run)) send(pid, 'SIGKILL')
  while (living(run).length > 0) await clock.sleep(20)
  return found.length > 0
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch {
    // gone between looking and sending
  }
}
