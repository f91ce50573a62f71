import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface FolderLock {
  release(): void
}

interface Holder {
  readonly pid: number
  /** Kernel clock ticks at which the process started; tells a living holder from a stranger that got its pid. Empty off Linux. */
  readonly started: string
  readonly token: string
}

/**
 * Makes this process the only one that has `folder` open. The lock of a process that no longer lives is taken over.
 * Throws when a living process holds it. Guards one machine (one pid namespace), not a shared network disk.
 */
export const lockFolder = (folder: string): FolderLock => {
  const file = join(folder, 'lock')
  const mine: Holder = { pid: process.pid, started: startOf(process.pid), token: randomUUID() }
  for (let attempt = 0; attempt < 20; attempt++) {
    if (create(file, mine)) return { release: () => releaseLock(file, mine) }
    const holder = readHolder(file)
    if (holder === undefined) continue
    if (isAlive(holder)) throw new Error(`${folder} is in use by another event store node (pid ${holder.pid})`)
    buryHolder(file, holder)
  }
  throw new Error(`${folder} cannot be locked: ${file} keeps changing`)
}

const create = (file: string, holder: Holder): boolean => {
  // linked into place complete, so that nobody ever reads half a lock
  const draft = `${file}.${holder.token}`
  writeFileSync(draft, JSON.stringify(holder))
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    return false
  } finally {
    unlinkSync(draft)
  }
}

/** Only one process can link the grave of a given token, so only that one removes the dead lock and no fresh lock is ever removed. */
const buryHolder = (file: string, dead: Holder): void => {
  const grave = `${file}.dead.${dead.token}`
  try {
    linkSync(file, grave)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    if (codeOf(error) !== 'EEXIST') throw error
    removeAbandonedGrave(grave)
    return
  }
  if (readHolder(grave)?.token === dead.token) unlinkSync(file)
  unlinkSync(grave)
}

/** A process killed between link and unlink leaves its grave behind; burying takes microseconds. */
const removeAbandonedGrave = (grave: string): void => {
  try {
    if (Date.now() - statSync(grave).ctimeMs > 2_000) unlinkSync(grave)
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

const releaseLock = (file: string, mine: Holder): void => {
  if (readHolder(file)?.token === mine.token) unlinkSync(file)
}

const readHolder = (file: string): Holder | undefined => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

const isAlive = (holder: Holder): boolean => {
  if (holder.pid === process.pid) return holder.started === startOf(process.pid) && holder.started !== ''
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  return holder.started === '' || holder.started === startOf(holder.pid)
}

const startOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // field 22; the command name before it may itself contain spaces and brackets
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code
