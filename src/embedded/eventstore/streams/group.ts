import { FRAME_HEADER, sealFrame } from '../log/frame.ts'
import { type EventToStore, recordLength, writeRecord } from '../log/record.ts'
import type { Published, StreamState } from './stream-index.ts'

export interface RecordToStore {
  readonly state: StreamState
  readonly streamName: Buffer
  readonly event: EventToStore
  readonly revision: number
  readonly published: Omit<Published, 'firstOfFrame'>
}

/** The appends that will share one write and one fdatasync, already in the form they will have on disk. */
export interface Group {
  readonly start: number
  readonly end: number
  readonly isEmpty: boolean
  /** Adds one append as one frame and returns the position of each of its records. */
  addFrame(records: readonly RecordToStore[], createdMs: number): number[]
  bytes(): Buffer
  /** Calls back for every record once the group is durable, in log order. */
  forEachRecord(visit: (state: StreamState, position: number, published: Published) => void): void
  /** Called when the group is durable and its records are published, or with the reason why that is unknown. */
  readonly settle: ((failure: Error | undefined) => void)[]
}

/** One append rarely needs more; larger groups double it. */
const FIRST_BUFFER = 64 * 1024

/** `start` is the offset in the log at which the group will be written: known, as groups are written in sequence. */
export const createGroup = (start: number): Group => {
  let buffer: Buffer | undefined
  let used = 0
  const states: StreamState[] = []
  const positions: number[] = []
  const published: Published[] = []

  const reserve = (length: number): Buffer => {
    if (buffer !== undefined && used + length <= buffer.length) return buffer
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BUFFER, 2 * (buffer?.length ?? 0), used + length))
    buffer?.copy(larger, 0, 0, used)
    buffer = larger
    return larger
  }

  return {
    start,
    get end() {
      return start + used
    },
    get isEmpty() {
      return used === 0
    },

    addFrame(records, createdMs) {
      let bodyBytes = 0
      for (const { streamName, event } of records) bodyBytes += recordLength(streamName, event)
      const out = reserve(FRAME_HEADER + bodyBytes)
      const frameAt = used
      let at = frameAt + FRAME_HEADER
      const placed: number[] = []
      for (const [i, record] of records.entries()) {
        const position = start + at
        placed.push(position)
        states.push(record.state)
        positions.push(position)
        published.push({ ...record.published, firstOfFrame: i === 0 })
        at = writeRecord(out, at, record.event, {
          stream: record.streamName,
          revision: record.revision,
          createdMs,
          tombstone: record.published.tombstone,
          lastOfFrame: i === records.length - 1,
        })
      }
      sealFrame(out, frameAt, start + frameAt, { bodyBytes, records: records.length, groupStart: start })
      used = at
      return placed
    },

    bytes: () => (buffer ?? Buffer.alloc(0)).subarray(0, used),

    forEachRecord(visit) {
      for (let i = 0; i < states.length; i++) visit(states[i]!, positions[i]!, published[i]!)
    },

    settle: [],
  }
}
