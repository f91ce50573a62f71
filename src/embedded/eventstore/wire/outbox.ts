import type { GrpcCall } from './grpc-server.ts'
import { type EncodedRead, readResponseRoom, type UuidForm, writeReadResponse } from './read-response.ts'

/**
 * Collects answers and sends them as few large writes: fewer HTTP/2 frames, fewer wake-ups of the client.
 * With `flush` it is also all that a slow reader costs us: one buffer here and one on its way to the socket.
 */
export interface Outbox {
  event(read: EncodedRead): void
  /** A message that is already framed. */
  message(framed: Buffer): void
  /** True once enough is collected to be worth a write. */
  readonly isFull: boolean
  /** Sends what is collected; a promise when the reader has to catch up first. */
  flush(): Promise<void> | undefined
}

/** Four HTTP/2 frames of 16 KiB: beyond it a write gains nothing, and the first event would wait for the last. */
const CHUNK = 64 * 1024

export const createOutbox = (call: GrpcCall, uuid: UuidForm): Outbox => {
  let buffer: Buffer | undefined
  let used = 0

  const reserve = (length: number): Buffer => {
    if (buffer !== undefined && used + length <= buffer.length) return buffer
    // small while a reader is live and gets single events, large once it is catching up
    const larger = Buffer.allocUnsafe(Math.max(buffer === undefined ? FIRST_BUFFER : CHUNK, used + length))
    buffer?.copy(larger, 0, 0, used)
    buffer = larger
    return larger
  }

  return {
    event(read) {
      const out = reserve(readResponseRoom(read))
      used = writeReadResponse(out, used, read, uuid)
    },
    message(framed) {
      const out = reserve(framed.length)
      out.set(framed, used)
      used += framed.length
    },
    get isFull() {
      return used >= CHUNK - FULL_MARGIN
    },
    flush() {
      if (buffer === undefined || used === 0) return undefined
      const chunk = buffer.subarray(0, used)
      buffer = undefined
      used = 0
      return call.write(chunk) ? undefined : call.drained()
    },
  }
}

const FIRST_BUFFER = 2 * 1024
/** So that one more event of usual size does not make the buffer grow. */
const FULL_MARGIN = 1024
