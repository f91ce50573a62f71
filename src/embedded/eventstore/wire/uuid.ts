import type shared from '@eventstore/db-client/generated/shared_pb.js'
import { ID_BYTES, ID_OFFSET } from '../log/record.ts'
import type { UuidForm } from './read-response.ts'
import { invalidArgument, Refusal } from './status.ts'

const TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The 16 bytes of an id in either form of the protocol. Throws Refusal. */
export const parseUuid = (uuid: shared.UUID | undefined): Buffer => {
  if (uuid?.hasStructured()) {
    const { mostSignificantBits, leastSignificantBits } = uuid.getStructured()!.toObject()
    const id = Buffer.alloc(ID_BYTES)
    id.writeBigInt64BE(BigInt(mostSignificantBits), 0)
    id.writeBigInt64BE(BigInt(leastSignificantBits), 8)
    return id
  }
  const text = uuid?.getString() ?? ''
  if (!TEXT.test(text)) throw new Refusal(invalidArgument(`'${text}' is not a UUID`))
  return Buffer.from(text.replaceAll('-', ''), 'hex')
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const DASHES_BEFORE = new Set([4, 6, 8, 10])

/** UUID{string}: what the client asks for. */
export const uuidAsText: UuidForm = {
  bytes: 2 + 36,
  write(out, at, event) {
    out[at] = 0x12
    out[at + 1] = 36
    let p = at + 2
    for (let i = 0; i < ID_BYTES; i++) {
      if (DASHES_BEFORE.has(i)) out[p++] = 0x2d
      const digits = HEX[event.bytes[event.at + ID_OFFSET + i]!]!
      out[p++] = digits.charCodeAt(0)
      out[p++] = digits.charCodeAt(1)
    }
    return p
  },
}

/** UUID{structured}: two int64, always written at full width (10 bytes each), which protobuf allows. */
export const uuidAsStructure: UuidForm = {
  bytes: 2 + 2 * 11,
  write(out, at, event) {
    out[at] = 0x0a
    out[at + 1] = 22
    const most = writeInt64(out, at + 2, 0x08, event.bytes.readBigUInt64BE(event.at + ID_OFFSET))
    return writeInt64(out, most, 0x10, event.bytes.readBigUInt64BE(event.at + ID_OFFSET + 8))
  },
}

const writeInt64 = (out: Buffer, at: number, tag: number, value: bigint): number => {
  out[at] = tag
  let rest = value
  for (let i = 1; i <= 10; i++) {
    out[at + i] = Number(rest & 127n) | (i < 10 ? 128 : 0)
    rest >>= 7n
  }
  return at + 11
}
