import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  write,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { readDurableEnd, writeDurableEnd } from './durable-end.ts'
import { lockFolder } from './folder-lock.ts'
import { openPages, type Pages } from './pages.ts'
import { ID_BYTES, ID_OFFSET, type StoredEvent } from './record.ts'
import { DamagedLog, recover } from './recovery.ts'

export interface LogFile {
  readonly pages: Pages
  /** Everything below is on disk and may be read. */
  readonly durableEnd: number
  readonly recoveredTorn: boolean
  /** Id of the event at `position`, without waiting. */
  readIdNow(position: number): string
  /**
   * Appends one group at the durable end and resolves when it is on disk. One group at a time.
   * After a rejection the file's content is unknown: the caller must stop, recovery decides at the next start.
   */
  writeGroup(group: Buffer): Promise<void>
  close(): Promise<void>
}

/** "QBEVLOG1" and zeros: a version of the format, and no event ever has position 0 (the client reads 0 as "no position"). */
const FILE_HEADER = Buffer.concat([Buffer.from('QBEVLOG1', 'latin1'), Buffer.alloc(24)])
export const LOG_START = FILE_HEADER.length

/** Writing into space that already exists spares fdatasync the journal write for a new file size. */
const PREALLOCATE = 8 * 1024 * 1024

/**
 * Opens the log in `folder`, creating it if need be, and hands every stored event to `visit`.
 * Throws DamagedLog, or an Error when the folder is in use or not a log. `sync: false` gives up durability, for tests.
 */
export const openLogFile = (folder: string, sync: boolean, visit: (event: StoredEvent) => void): LogFile => {
  mkdirSync(folder, { recursive: true })
  const lock = lockFolder(folder)
  let fd: number | undefined
  try {
    fd = openSync(join(folder, 'events.log'), CREATE_OR_OPEN, 0o640)
    prepareHeader(fd, folder)
    const size = fstatSync(fd).size
    const { end, torn } = recover(fd, size, LOG_START, visit)
    const known = readDurableEnd(folder)
    if (end < known) throw new DamagedLog(end, `it was closed with ${known} durable bytes`)
    if (torn) {
      ftruncateSync(fd, end)
      fsyncSync(fd)
    }
    return serve(fd, folder, end, torn, sync, () => lock.release())
  } catch (error) {
    if (fd !== undefined) closeSync(fd)
    lock.release()
    throw error
  }
}

const serve = (fd: number, folder: string, recoveredEnd: number, torn: boolean, sync: boolean, unlock: () => void): LogFile => {
  let durableEnd = recoveredEnd
  let allocated = fstatSync(fd).size
  let extending: Promise<void> | undefined
  let failed = false
  const pages = openPages(fd, durableEnd)

  const extend = async (upTo: number): Promise<void> => {
    const from = allocated
    const bytes = Buffer.alloc(Math.ceil((upTo - from) / PREALLOCATE) * PREALLOCATE)
    await writeAt(fd, bytes, from)
    allocated = from + bytes.length
  }

  return {
    pages,
    get durableEnd() {
      return durableEnd
    },
    recoveredTorn: torn,

    readIdNow(position) {
      const id = Buffer.alloc(ID_BYTES)
      readSync(fd, id, 0, ID_BYTES, position + ID_OFFSET)
      return id.toString('latin1', 0, ID_BYTES)
    },

    async writeGroup(group) {
      const end = durableEnd + group.length
      try {
        await extending
        if (end > allocated) await extend(end)
        await writeAt(fd, group, durableEnd)
        if (sync) await dataSync(fd)
      } catch (error) {
        failed = true
        throw error
      }
      pages.publish(durableEnd, group)
      durableEnd = end
      if (allocated - end < PREALLOCATE / 2) {
        // while nobody waits for it; a failure is met by the next group
        extending = extend(allocated + 1)
        extending.catch(() => {})
      }
    },

    async close() {
      await extending?.catch(() => {})
      if (!failed) {
        fsyncSync(fd)
        writeDurableEnd(folder, durableEnd)
      }
      closeSync(fd)
      unlock()
    },
  }
}

/** Never truncates what is there. */
const CREATE_OR_OPEN = constants.O_RDWR | constants.O_CREAT

/** A start that was killed before its first fsync leaves an empty or half header and nothing else. */
const prepareHeader = (fd: number, folder: string): void => {
  const found = Buffer.alloc(FILE_HEADER.length)
  const size = fstatSync(fd).size
  readSync(fd, found, 0, found.length, 0)
  if (found.equals(FILE_HEADER)) return
  if (size > FILE_HEADER.length) throw new Error(`${join(folder, 'events.log')} is not an event log of this version`)
  writeSync(fd, FILE_HEADER, 0, FILE_HEADER.length, 0)
  fsyncSync(fd)
  const directory = openSync(folder, 'r')
  fsyncSync(directory)
  closeSync(directory)
}

const writeAt = async (fd: number, bytes: Buffer, offset: number): Promise<void> => {
  let done = 0
  while (done < bytes.length) {
    done += await new Promise<number>((resolve, reject) => {
      write(fd, bytes, done, bytes.length - done, offset + done, (error, count) => (error ? reject(error) : resolve(count)))
    })
  }
}

const dataSync = (fd: number): Promise<void> =>
  new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error ? reject(error) : resolve()))
  })
