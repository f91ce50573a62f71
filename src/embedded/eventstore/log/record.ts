/**
 * One stored event. Little endian; strings are UTF-8:
 *   0 u32 length of the whole record   4 u8 flags   6 u16 stream bytes   8 u16 type bytes   12 u32 metadata bytes
 *   16 f64 revision   24 f64 created, Unix ms   32 16 bytes event id   48 stream, type, metadata, data
 * A record is addressed by the offset of its first byte in the log: that offset is its `$all` position (commit = prepare).
 */
export interface StoredEvent {
  readonly position: number
  /** Memory that holds the record, shared with the page cache: read it before the next await, never write to it. */
  readonly bytes: Buffer
  /** Where the record starts in `bytes`. */
  readonly at: number
}

export interface EventToStore {
  readonly id: Buffer
  readonly type: Buffer
  readonly json: boolean
  readonly data: Uint8Array
  readonly metadata: Uint8Array
}

export const RECORD_HEADER = 48
export const ID_OFFSET = 32
export const ID_BYTES = 16
/** u16 length fields. */
export const MAX_NAME_BYTES = 0xffff

const JSON_CONTENT = 1
const TOMBSTONE = 2
/** The next record starts behind another frame header: with it the log can be walked from any record. */
const LAST_OF_FRAME = 4

export const recordLength = (stream: Buffer, event: EventToStore): number =>
  RECORD_HEADER + stream.length + event.type.length + event.metadata.length + event.data.length

export interface RecordPlace {
  readonly stream: Buffer
  readonly revision: number
  readonly createdMs: number
  readonly tombstone: boolean
  readonly lastOfFrame: boolean
}

/** Writes the record at `at` and returns the offset behind it. */
export const writeRecord = (out: Buffer, at: number, event: EventToStore, place: RecordPlace): number => {
  const { stream } = place
  out.writeUInt32LE(recordLength(stream, event), at)
  out[at + 4] = (event.json ? JSON_CONTENT : 0) | (place.tombstone ? TOMBSTONE : 0) | (place.lastOfFrame ? LAST_OF_FRAME : 0)
  out[at + 5] = 0
  out.writeUInt16LE(stream.length, at + 6)
  out.writeUInt16LE(event.type.length, at + 8)
  out.writeUInt16LE(0, at + 10)
  out.writeUInt32LE(event.metadata.length, at + 12)
  out.writeDoubleLE(place.revision, at + 16)
  out.writeDoubleLE(place.createdMs, at + 24)
  out.set(event.id, at + ID_OFFSET)
  let p = at + RECORD_HEADER
  for (const part of [stream, event.type, event.metadata, event.data]) {
    out.set(part, p)
    p += part.length
  }
  return p
}

export const lengthOf = (e: StoredEvent): number => e.bytes.readUInt32LE(e.at)
export const isJson = (e: StoredEvent): boolean => (e.bytes[e.at + 4]! & JSON_CONTENT) !== 0
export const isTombstone = (e: StoredEvent): boolean => (e.bytes[e.at + 4]! & TOMBSTONE) !== 0
export const isLastOfFrame = (e: StoredEvent): boolean => (e.bytes[e.at + 4]! & LAST_OF_FRAME) !== 0
export const streamBytesOf = (e: StoredEvent): number => e.bytes.readUInt16LE(e.at + 6)
export const typeBytesOf = (e: StoredEvent): number => e.bytes.readUInt16LE(e.at + 8)
export const metadataBytesOf = (e: StoredEvent): number => e.bytes.readUInt32LE(e.at + 12)
export const revisionOf = (e: StoredEvent): number => e.bytes.readDoubleLE(e.at + 16)
export const createdMsOf = (e: StoredEvent): number => e.bytes.readDoubleLE(e.at + 24)
/** The 16 bytes of the event id as a string of 16 chars: the cheapest key a Map can have. */
export const idKeyOf = (e: StoredEvent): string => e.bytes.toString('latin1', e.at + ID_OFFSET, e.at + ID_OFFSET + ID_BYTES)

export const streamNameOf = (e: StoredEvent): string =>
  e.bytes.toString('utf8', e.at + RECORD_HEADER, e.at + RECORD_HEADER + streamBytesOf(e))

export const typeOf = (e: StoredEvent): string => {
  const start = e.at + RECORD_HEADER + streamBytesOf(e)
  return e.bytes.toString('utf8', start, start + typeBytesOf(e))
}

export const dataOf = (e: StoredEvent): Buffer => {
  const start = e.at + RECORD_HEADER + streamBytesOf(e) + typeBytesOf(e) + metadataBytesOf(e)
  return e.bytes.subarray(start, e.at + lengthOf(e))
}
