import {
  createdMsOf,
  isJson,
  isTombstone,
  lengthOf,
  metadataBytesOf,
  RECORD_HEADER,
  revisionOf,
  type StoredEvent,
  streamBytesOf,
  typeBytesOf,
} from '../log/record.ts'
import { fieldLength, varintLength, writeVarint } from './protobuf.ts'

/**
 * ReadResp{event} written by hand, straight from the bytes of the log into the outgoing buffer, gRPC prefix included:
 * through generated classes it would cost twice the CPU of all the rest of a read.
 */
export interface EncodedRead {
  /** The event; undefined when a link's target is gone. */
  readonly event: StoredEvent | undefined
  /** The link event that led to it, when links are resolved. */
  readonly link: StoredEvent | undefined
  /** Where the reader stands: of the link, if there is one. */
  readonly position: number
}

/** Room that surely holds the answer; the exact length is only worked out when it is written. */
export const readResponseRoom = ({ event, link }: EncodedRead): number =>
  FIXED_ROOM + (event === undefined ? 0 : lengthOf(event) + RECORDED_ROOM) + (link === undefined ? 0 : lengthOf(link) + RECORDED_ROOM)

/** Prefix, tag, length and position. */
const FIXED_ROOM = 32
/** The id as text, keys and values of the property map, tags and lengths take less than 200 bytes beyond what the record holds. */
const RECORDED_ROOM = 256

/** Writes at `at`, returns the offset behind it. */
export const writeReadResponse = (out: Buffer, at: number, { event, link, position }: EncodedRead, uuid: UuidForm): number => {
  const eventBytes = event === undefined ? 0 : recordedLength(event, uuid)
  const linkBytes = link === undefined ? 0 : recordedLength(link, uuid)
  const body =
    (event === undefined ? 0 : fieldLength(eventBytes)) + (link === undefined ? 0 : fieldLength(linkBytes)) + 1 + varintLength(position)
  let p = at
  out[p++] = 0
  p = out.writeUInt32BE(fieldLength(body), p)
  p = header(out, p, 0x0a, body)
  if (event !== undefined) p = writeRecorded(out, header(out, p, 0x0a, eventBytes), event, uuid)
  if (link !== undefined) p = writeRecorded(out, header(out, p, 0x12, linkBytes), link, uuid)
  return header(out, p, 0x18, position)
}

const recordedLength = (e: StoredEvent, uuid: UuidForm): number => {
  const type = typeBytesOf(e)
  const metadata = metadataBytesOf(e)
  const data = dataBytesOf(e)
  const revision = isTombstone(e) ? 10 : revisionOf(e) === 0 ? 0 : 1 + varintLength(revisionOf(e))
  return (
    fieldLength(uuid.bytes) +
    fieldLength(fieldLength(streamBytesOf(e))) +
    revision +
    2 * (1 + varintLength(e.position)) +
    fieldLength(TYPE_KEY.length + fieldLength(type)) +
    fieldLength(CREATED_KEY.length + fieldLength(ticksOf(e).length)) +
    contentTypeOf(e).length +
    (metadata === 0 ? 0 : fieldLength(metadata)) +
    (data === 0 ? 0 : fieldLength(data))
  )
}

const writeRecorded = (out: Buffer, at: number, e: StoredEvent, uuid: UuidForm): number => {
  const stream = streamBytesOf(e)
  const type = typeBytesOf(e)
  const metadata = metadataBytesOf(e)
  const data = dataBytesOf(e)
  let from = e.at + RECORD_HEADER
  const copy = (to: number, length: number): number => {
    copyBytes(e.bytes, from, out, to, length)
    from += length
    return to + length
  }
  let p = uuid.write(out, header(out, at, 0x0a, uuid.bytes), e)
  p = copy(header(out, header(out, p, 0x12, fieldLength(stream)), 0x1a, stream), stream)
  if (isTombstone(e)) {
    out[p++] = 0x18
    out.set(INT64_MAX, p)
    p += INT64_MAX.length
  } else if (revisionOf(e) !== 0) p = header(out, p, 0x18, revisionOf(e))
  p = header(out, p, 0x20, e.position)
  p = header(out, p, 0x28, e.position)
  p = header(out, p, 0x32, TYPE_KEY.length + fieldLength(type))
  copyBytes(TYPE_KEY, 0, out, p, TYPE_KEY.length)
  p = copy(header(out, p + TYPE_KEY.length, 0x12, type), type)
  const ticks = ticksOf(e)
  p = header(out, p, 0x32, CREATED_KEY.length + fieldLength(ticks.length))
  copyBytes(CREATED_KEY, 0, out, p, CREATED_KEY.length)
  p = header(out, p + CREATED_KEY.length, 0x12, ticks.length)
  copyBytes(ticks, 0, out, p, ticks.length)
  p += ticks.length
  const contentType = contentTypeOf(e)
  copyBytes(contentType, 0, out, p, contentType.length)
  p += contentType.length
  if (metadata > 0) p = copy(header(out, p, 0x3a, metadata), metadata)
  if (data > 0) p = copy(header(out, p, 0x42, data), data)
  return p
}

/** A tag and a number: a field of its own, or the length of the one that follows. */
const header = (out: Buffer, at: number, tag: number, value: number): number => {
  out[at] = tag
  return writeVarint(out, at + 1, value)
}

const dataBytesOf = (e: StoredEvent): number => lengthOf(e) - RECORD_HEADER - streamBytesOf(e) - typeBytesOf(e) - metadataBytesOf(e)

/** .NET ticks (100 ns) since the Unix epoch; past 2^53, hence by text. Neighbours in the log mostly share it. */
const ticksOf = (e: StoredEvent): Buffer => {
  const createdMs = createdMsOf(e)
  if (createdMs !== lastTicks.createdMs) lastTicks = { createdMs, digits: Buffer.from(`${createdMs}0000`, 'latin1') }
  return lastTicks.digits
}
let lastTicks = { createdMs: Number.NaN, digits: Buffer.alloc(0) }

/** Below about 64 bytes a call into the runtime costs more than the bytes. */
const copyBytes = (from: Buffer, start: number, to: Buffer, at: number, length: number): void => {
  if (length > 64) from.copy(to, at, start, start + length)
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i]!
}

const text = (tag: number, value: string): Buffer => Buffer.concat([Buffer.from([tag, value.length]), Buffer.from(value, 'latin1')])
const TYPE_KEY = text(0x0a, 'type')
const CREATED_KEY = text(0x0a, 'created')
const contentType = (value: string): Buffer => {
  const entry = Buffer.concat([text(0x0a, 'content-type'), text(0x12, value)])
  return Buffer.concat([Buffer.from([0x32, entry.length]), entry])
}
const JSON_CONTENT = contentType('application/json')
const BINARY_CONTENT = contentType('application/octet-stream')
const contentTypeOf = (e: StoredEvent): Buffer => (isJson(e) ? JSON_CONTENT : BINARY_CONTENT)
/** The revision of a tombstone, as a varint. */
const INT64_MAX = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])

/** How a reader asked to get ids. */
export interface UuidForm {
  readonly bytes: number
  write(out: Buffer, at: number, event: StoredEvent): number
}
