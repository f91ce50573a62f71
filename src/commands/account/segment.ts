import { createHash } from 'node:crypto'
import type { Map as ImmutableMap } from 'immutable'

/** An immutable run of closed ids, packed: sorted rows of 12 bytes id hash, 12 bytes terms hash, 6 bytes revision. */
export interface Segment {
  readonly index: number
  readonly rows: Buffer
  /** First 16 hex of the SHA-256 of the rows: a snapshot names it, so that a foreign or damaged segment is not used. */
  readonly digest: string
}

const ID_BYTES = 12
const TERMS_BYTES = 12
/** 2^48 revisions: more than a stream can ever hold. */
const REVISION_BYTES = 6
const ROW_BYTES = ID_BYTES + TERMS_BYTES + REVISION_BYTES

/** Packs a full run. */
export const sealSegment = (
  index: number,
  closed: ImmutableMap<string, { readonly termsHash: string; readonly revision: bigint }>,
): Segment => {
  const rows = [...closed.entries()].map(([hash, { termsHash, revision }]) => {
    const row = Buffer.alloc(ROW_BYTES)
    row.write(hash, 0, ID_BYTES, 'base64url')
    row.write(termsHash, ID_BYTES, TERMS_BYTES, 'hex')
    row.writeUIntBE(Number(revision), ID_BYTES + TERMS_BYTES, REVISION_BYTES)
    return row
  })
  return segmentOf(index, Buffer.concat(rows.sort(Buffer.compare)))
}

export const segmentOf = (index: number, rows: Buffer): Segment => ({
  index,
  rows,
  digest: createHash('sha256').update(rows).digest('hex').slice(0, 16),
})

/** Binary search: packed rows need a twentieth of the memory of a map of strings. */
export const findRow = ({ rows }: Segment, key: Buffer): { readonly termsHash: string; readonly revision: bigint } | undefined => {
  let low = 0
  let high = rows.length / ROW_BYTES - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const at = middle * ROW_BYTES
    const order = rows.compare(key, 0, ID_BYTES, at, at + ID_BYTES)
    if (order === 0) {
      const terms = at + ID_BYTES
      return {
        termsHash: rows.toString('hex', terms, terms + TERMS_BYTES),
        revision: BigInt(rows.readUIntBE(terms + TERMS_BYTES, REVISION_BYTES)),
      }
    }
    if (order < 0) low = middle + 1
    else high = middle - 1
  }
  return undefined
}
