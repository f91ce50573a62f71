import { status } from '@grpc/grpc-js'
import { Refusal } from './status.ts'

const PREFIX = 5
/** What the client accepts, too: the largest event of a real server is 16 MiB. */
const MAX_MESSAGE = 17 * 1024 * 1024

/** Cuts gRPC's length-prefixed messages out of the chunks of a request. Throws Refusal on what it cannot take. */
export const createDeframer = (deliver: (message: Buffer) => void): ((chunk: Buffer) => void) => {
  let held: Buffer[] = []
  let heldBytes = 0
  let needed = PREFIX

  return (chunk) => {
    held.push(chunk)
    heldBytes += chunk.length
    if (heldBytes < needed) return
    const bytes = held.length === 1 ? chunk : Buffer.concat(held, heldBytes)
    let at = 0
    needed = PREFIX
    while (bytes.length - at >= PREFIX) {
      const length = bytes.readUInt32BE(at + 1)
      if (bytes[at] !== 0) throw new Refusal({ code: status.UNIMPLEMENTED, details: 'compressed messages are not supported' })
      if (length > MAX_MESSAGE) throw new Refusal({ code: status.RESOURCE_EXHAUSTED, details: `message of ${length} bytes` })
      if (bytes.length - at < PREFIX + length) {
        needed = PREFIX + length
        break
      }
      deliver(bytes.subarray(at + PREFIX, at + PREFIX + length))
      at += PREFIX + length
    }
    held = at === bytes.length ? [] : [bytes.subarray(at)]
    heldBytes = bytes.length - at
  }
}

/** One message in the form it has on the wire. */
export const framed = (message: Uint8Array): Buffer => {
  const out = Buffer.allocUnsafe(PREFIX + message.length)
  out[0] = 0
  out.writeUInt32BE(message.length, 1)
  out.set(message, PREFIX)
  return out
}
