/** The accounts that a signed transaction names itself, read from its bytes: what it takes to compare or look up a few, without decoding the rest. */
export interface WireKeys {
  readonly count: number
  /** Its 32 bytes; undefined: there is none with this index. */
  at(index: number): Uint8Array | undefined
  isWritable(index: number): boolean
}

/** Of a legacy or version 0 transaction. @throws when the bytes are too short to be one */
export const wireKeys = (wire: Uint8Array): WireKeys => {
  const [signatures, afterCount] = shortLength(wire, 0)
  let at = afterCount + signatures * SIGNATURE_BYTES
  if (((wire[at] ?? 0) & VERSIONED) !== 0) at++
  const [required = 0, readonlySigned = 0, readonlyUnsigned = 0] = wire.subarray(at, at + HEADER_BYTES)
  const [count, start] = shortLength(wire, at + HEADER_BYTES)
  if (count === 0 || start + count * KEY_BYTES > wire.length) throw new Error('the bytes are not those of a transaction')
  return {
    count,
    at: (index) => (index < count ? wire.subarray(start + index * KEY_BYTES, start + (index + 1) * KEY_BYTES) : undefined),
    isWritable: (index) => (index < required ? index < required - readonlySigned : index < count - readonlyUnsigned),
  }
}

const SIGNATURE_BYTES = 64
const KEY_BYTES = 32
const HEADER_BYTES = 3
/** Set in the first byte of a versioned message; a legacy one begins with its number of signatures. */
const VERSIONED = 0x80

/** Solana's compact length: seven bits a byte, lowest first. Answers it with the position behind it. */
const shortLength = (bytes: Uint8Array, from: number): readonly [number, number] => {
  let length = 0
  for (let n = 0; n < MOST_LENGTH_BYTES; n++) {
    const byte = bytes[from + n] ?? 0
    length |= (byte & 0x7f) << (7 * n)
    if ((byte & 0x80) === 0) return [length, from + n + 1]
  }
  throw new Error('the bytes are not those of a transaction')
}

const MOST_LENGTH_BYTES = 3
