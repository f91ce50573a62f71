import { readSync } from 'node:fs'
import { FRAME_HEADER, FRAME_MAGIC, type FrameHeader, frameIsWhole, readFrameHeader } from './frame.ts'
import { lengthOf, type StoredEvent } from './record.ts'

export interface Recovered {
  /** Offset behind the last whole frame. */
  readonly end: number
  /** Bytes behind it that are not zero: an unfinished write, to be cut. */
  readonly torn: boolean
}

/** The log cannot be trusted: durable frames follow a damaged one. Never repaired by dropping events. */
export class DamagedLog extends Error {
  constructor(offset: number, detail: string) {
    super(`the event log is damaged at byte ${offset}: ${detail}. Restore the folder from a backup or from a replica; nothing was changed.`)
  }
}

/**
 * Walks every record from `start` and finds where the log ends.
 * Throws DamagedLog when a frame that was durable (a later group was written behind it) no longer checks.
 */
export const recover = (fd: number, size: number, start: number, visit: (event: StoredEvent) => void): Recovered => {
  const window = windowOver(fd, size)
  let offset = start
  for (;;) {
    const header = frameAt(window, offset)
    if (header === undefined) break
    visitRecords(window.bytes, offset - window.start + FRAME_HEADER, header, offset, visit)
    offset += FRAME_HEADER + header.bodyBytes
  }
  refuseLaterFrames(window, offset)
  return { end: offset, torn: !allZero(window, offset) }
}

const visitRecords = (bytes: Buffer, bodyAt: number, header: FrameHeader, frame: number, visit: (event: StoredEvent) => void): void => {
  let at = bodyAt
  const bodyEnd = bodyAt + header.bodyBytes
  for (let i = 0; i < header.records; i++) {
    const event = { position: frame + FRAME_HEADER + (at - bodyAt), bytes, at }
    visit(event)
    at += lengthOf(event)
  }
  if (at !== bodyEnd) throw new DamagedLog(frame, 'records and frame length disagree')
}

/** A frame behind a damaged one is harmless only if its own group had not been made durable: same group as the damaged bytes. */
const refuseLaterFrames = (window: Window, damagedAt: number): void => {
  let from = damagedAt + 1
  while (from < window.size) {
    const end = Math.min(window.size, from + SEARCH_STEP)
    if (!window.hold(from, end - from)) return
    const hit = window.bytes.subarray(0, end - window.start).indexOf(FRAME_MAGIC, from - window.start)
    if (hit < 0) {
      // the magic may lie across the border of two steps
      from = end === window.size ? end : end - FRAME_MAGIC.length + 1
      continue
    }
    const candidate = window.start + hit
    const header = frameAt(window, candidate)
    if (header !== undefined && header.groupStart > damagedAt) {
      throw new DamagedLog(damagedAt, `a frame that was durable fails its checksum, yet a valid one follows at byte ${candidate}`)
    }
    from = candidate + 1
  }
}

const allZero = (window: Window, offset: number): boolean => {
  for (let from = offset; from < window.size; from += SEARCH_STEP) {
    const length = Math.min(SEARCH_STEP, window.size - from)
    if (!window.hold(from, length)) return false
    const at = from - window.start
    if (window.bytes.compare(ZEROS, 0, length, at, at + length) !== 0) return false
  }
  return true
}

const frameAt = (window: Window, offset: number): FrameHeader | undefined => {
  if (!window.hold(offset, FRAME_HEADER)) return undefined
  const header = readFrameHeader(window.bytes, offset - window.start)
  if (header === undefined || !window.hold(offset, FRAME_HEADER + header.bodyBytes)) return undefined
  return frameIsWhole(window.bytes, offset - window.start, offset, header) ? header : undefined
}

const SEARCH_STEP = 1024 * 1024
const ZEROS = Buffer.alloc(SEARCH_STEP)
/** Large reads: at start-up the disk's throughput is all that counts. */
const WINDOW = 16 * 1024 * 1024

interface Window {
  readonly size: number
  bytes: Buffer
  start: number
  /** Makes [offset, offset + length) readable in `bytes`; false when the file ends before it. */
  hold(offset: number, length: number): boolean
}

const windowOver = (fd: number, size: number): Window => {
  let filled = 0
  const window: Window = {
    size,
    bytes: Buffer.allocUnsafe(Math.max(1, Math.min(WINDOW, size))),
    start: 0,
    hold(offset, length) {
      if (offset + length > size) return false
      if (offset >= window.start && offset + length <= window.start + filled) return true
      if (length > window.bytes.length) window.bytes = Buffer.allocUnsafe(length)
      window.start = offset
      filled = 0
      const wanted = Math.min(window.bytes.length, size - offset)
      while (filled < wanted) {
        const n = readSync(fd, window.bytes, filled, wanted - filled, offset + filled)
        if (n === 0) break
        filled += n
      }
      return length <= filled
    },
  }
  return window
}
