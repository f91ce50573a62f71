import { crc32 } from 'node:zlib'

/**
 * What one append writes, whole or not at all. 24 bytes of header, then the records:
 *   0 u32 magic   4 u32 body bytes   8 u32 CRC   12 u32 records   16 f64 offset at which the frame's group starts
 * A group is what one write and one fdatasync made durable. The CRC covers header, body and the frame's own offset, so that a
 * copy of a frame that lies elsewhere (an event may well carry a piece of a log) never passes for one.
 */
export interface FrameHeader {
  readonly bodyBytes: number
  readonly records: number
  readonly groupStart: number
}

export const FRAME_HEADER = 24
/** "QBFR" in little endian. */
export const FRAME_MAGIC = Buffer.from('QBFR', 'latin1')
/** Twice what one append may hold (16 MiB with metadata), far below what a wrong length field would make us allocate. */
const MAX_FRAME_BODY = 32 * 1024 * 1024

const covered = Buffer.alloc(28)

const checksum = (offset: number, header: FrameHeader, body: Buffer): number => {
  covered.writeUInt32LE(header.bodyBytes, 0)
  covered.writeUInt32LE(header.records, 4)
  covered.writeDoubleLE(header.groupStart, 8)
  covered.writeDoubleLE(offset, 16)
  return crc32(body, crc32(covered))
}

/** Seals the frame at `at` of `out`, whose body already stands behind the header. `offset` is its place in the log. */
export const sealFrame = (out: Buffer, at: number, offset: number, header: FrameHeader): void => {
  const body = out.subarray(at + FRAME_HEADER, at + FRAME_HEADER + header.bodyBytes)
  out.set(FRAME_MAGIC, at)
  out.writeUInt32LE(header.bodyBytes, at + 4)
  out.writeUInt32LE(checksum(offset, header, body), at + 8)
  out.writeUInt32LE(header.records, at + 12)
  out.writeDoubleLE(header.groupStart, at + 16)
}

/** The header if it can be one (magic, sane length), else undefined; the CRC is for `frameIsWhole`. */
export const readFrameHeader = (bytes: Buffer, at: number): FrameHeader | undefined => {
  if (bytes.compare(FRAME_MAGIC, 0, 4, at, at + 4) !== 0) return undefined
  const bodyBytes = bytes.readUInt32LE(at + 4)
  if (bodyBytes === 0 || bodyBytes > MAX_FRAME_BODY) return undefined
  return { bodyBytes, records: bytes.readUInt32LE(at + 12), groupStart: bytes.readDoubleLE(at + 16) }
}

export const frameIsWhole = (bytes: Buffer, at: number, offset: number, header: FrameHeader): boolean =>
  bytes.readUInt32LE(at + 8) === checksum(offset, header, bytes.subarray(at + FRAME_HEADER, at + FRAME_HEADER + header.bodyBytes))
