/** Protobuf's base-128 numbers. Whole numbers up to 2^53 only: no position or revision of ours is larger. */
export const varintLength = (value: number): number => {
  let length = 1
  let rest = value
  while (rest >= 128) {
    length += 1
    rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 128)
  }
  return length
}

/** Writes at `at`, returns the offset behind it. */
export const writeVarint = (out: Buffer, at: number, value: number): number => {
  let p = at
  let rest = value
  while (rest >= 128) {
    out[p++] = (rest % 128) | 128
    rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 128)
  }
  out[p++] = rest
  return p
}

/** Bytes of a length-delimited field with a one-byte tag. */
export const fieldLength = (contentBytes: number): number => 1 + varintLength(contentBytes) + contentBytes
