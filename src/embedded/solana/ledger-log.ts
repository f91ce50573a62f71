import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { syncFolder } from './private-file.ts'

/** Append-only log of records. A record is safe once `durable` has resolved after its append. */
export interface LedgerLog {
  /** Queues a record and returns where its bytes will lie. */
  append(record: Buffer): number
  /** Resolves when everything appended so far is on disk; never resolves after a failed write (the process then ends). */
  durable(): Promise<void>
  read(offset: number, length: number): Promise<Buffer>
  /** Flushes and closes. */
  close(): Promise<void>
}

/**
 * Opens the log, handing every record to `onRecord` in order. A torn last frame (power lost while writing) is cut off: nothing
 * in it was ever answered. Damage before the last frame is refused, because what lies there was answered.
 */
export const openLedgerLog = async (
  path: string,
  onRecord: (record: Buffer, offset: number) => void,
  onBroken: (error: unknown) => void,
): Promise<LedgerLog> => {
  let end = recover(path, onRecord)
  const file = await open(path, 'r+')
  let queue: Buffer[] = []
  let queued = 0
  let waiters: (() => void)[] = []
  let inFlight: (() => void)[] | undefined
  let writing: Promise<void> | undefined
  let state: 'open' | 'closed' | 'broken' = 'open'
  const newest = keepNewest()

  // One frame per flush: all that was appended while the last fsync ran is written and synced together, and a crash tears
  // at most the one frame in flight.
  const flush = async () => {
    try {
      while (queue.length > 0) {
        const frame = toFrame(queue, queued)
        const at = end
        const served = waiters
        end += frame.length
        queue = []
        queued = 0
        waiters = []
        inFlight = served
        await file.write(frame, 0, frame.length, at)
        await file.datasync()
        newest.add(at, frame)
        inFlight = undefined
        for (const done of served) done()
      }
    } catch (error) {
      state = 'broken'
      onBroken(error)
    }
    writing = undefined
  }

  return {
    append: (record) => {
      if (state !== 'open') throw new Error('the ledger log is closed')
      const offset = end + FRAME_HEADER + queued + RECORD_HEADER
      const header = Buffer.alloc(RECORD_HEADER)
      header.writeUInt32LE(record.length)
      queue.push(header, record)
      queued += RECORD_HEADER + record.length
      // Started in the next microtask round, so that records of one synchronous burst (the genesis) share a frame: all or nothing.
      writing ??= Promise.resolve().then(flush)
      return offset
    },
    durable: () => {
      const frame = queue.length > 0 || state === 'broken' ? waiters : inFlight
      return frame ? new Promise((resolve) => frame.push(resolve)) : Promise.resolve()
    },
    read: async (offset, length) => {
      const kept = newest.find(offset, length)
      if (kept) return kept
      const buffer = Buffer.alloc(length)
      const { bytesRead } = await file.read(buffer, 0, length, offset)
      if (bytesRead !== length) throw new Error(`ledger log ends inside the record at ${offset}`)
      return buffer
    },
    close: async () => {
      state = 'closed'
      await writing
      await file.close()
    },
  }
}

/** What landed last is what is asked for: everybody reads his transaction once, as soon as it is confirmed. */
const keepNewest = () => {
  const frames: { readonly at: number; readonly bytes: Buffer }[] = []
  let size = 0
  return {
    add: (at: number, bytes: Buffer): void => {
      frames.push({ at, bytes })
      size += bytes.length
      while (size > KEPT_BYTES) size -= frames.shift()?.bytes.length ?? 0
    },
    find: (offset: number, length: number): Buffer | undefined => {
      const frame = frames.findLast(({ at }) => at <= offset)
      const from = frame && offset - frame.at
      return frame && from !== undefined && from + length <= frame.bytes.length ? frame.bytes.subarray(from, from + length) : undefined
    },
  }
}

/** Some thousand transactions. */
const KEPT_BYTES = 16 * 1024 * 1024

/** [length u32][crc32 of payload u32] payload = ([length u32] record)* */
const FRAME_HEADER = 8
const RECORD_HEADER = 4

const toFrame = (queue: readonly Buffer[], size: number): Buffer => {
  const frame = Buffer.concat([Buffer.alloc(FRAME_HEADER), ...queue], FRAME_HEADER + size)
  frame.writeUInt32LE(size, 0)
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEADER)), 4)
  return frame
}

/** Replays the frames and returns the end of the last good one. */
const recover = (path: string, onRecord: (record: Buffer, offset: number) => void): number => {
  const fd = openSync(path, 'a+', 0o600)
  try {
    const size = fstatSync(fd).size
    if (size === 0) syncFolder(dirname(path))
    let at = 0
    while (at < size) {
      const payload = readFrame(fd, at, size)
      if (!payload) {
        if (followedByFrame(fd, at, size))
          throw new Error(`${path} is damaged at byte ${at}: records after it are intact, so it cannot be a torn write`)
        ftruncateSync(fd, at)
        fsyncSync(fd)
        break
      }
      for (let p = 0; p < payload.length; ) {
        const length = payload.readUInt32LE(p)
        p += RECORD_HEADER
        onRecord(payload.subarray(p, p + length), at + FRAME_HEADER + p)
        p += length
      }
      at += FRAME_HEADER + payload.length
    }
    return at
  } finally {
    closeSync(fd)
  }
}

const readFrame = (fd: number, at: number, size: number): Buffer | undefined => {
  if (at + FRAME_HEADER > size) return undefined
  const header = readAt(fd, at, FRAME_HEADER)
  const length = header.readUInt32LE(0)
  if (length === 0 || at + FRAME_HEADER + length > size) return undefined
  const payload = readAt(fd, at + FRAME_HEADER, length)
  return crc32(payload) === header.readUInt32LE(4) ? payload : undefined
}

const followedByFrame = (fd: number, at: number, size: number): boolean => {
  if (at + FRAME_HEADER > size) return false
  const next = at + FRAME_HEADER + readAt(fd, at, FRAME_HEADER).readUInt32LE(0)
  return next < size && readFrame(fd, next, size) !== undefined
}

const readAt = (fd: number, at: number, length: number): Buffer => {
  const buffer = Buffer.alloc(length)
  let read = 0
  while (read < length) {
    const n = readSync(fd, buffer, read, length - read, at + read)
    if (n === 0) break
    read += n
  }
  return buffer
}
