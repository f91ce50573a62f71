import { z } from 'zod'
import { type Refusal, refusal } from '../../platform/http/problem.ts'

/** Where a list goes on: after the row with this key. */
export type CursorKey = readonly (string | number)[]

/** A client can write a cursor of its own: nothing in it may be what the database takes for a fault of ours, as text with a NUL is. */
const KeyText = z
  .string()
  .max(64)
  .refine((text) => !text.includes('\0'))
const Cursor = z.tuple([z.string(), z.string()]).rest(z.union([KeyText, z.number()]))

/** Opaque to clients. Names its log and list: positions and keys mean nothing in another one. */
export const encodeCursor = (logId: string, list: string, key: CursorKey): string =>
  Buffer.from(JSON.stringify([logId, list, ...key])).toString('base64url')

/** The key inside; undefined when there is no cursor, the 400 when it is not one of this list. `shape` validates the key. */
export const decodeCursor = <Key extends CursorKey>(
  text: string | undefined,
  logId: string,
  list: string,
  shape: z.ZodType<Key>,
): { readonly key: Key | undefined } | { readonly refusal: Refusal } => {
  if (text === undefined) return { key: undefined }
  const parsed = Cursor.safeParse(parse(text))
  const key = parsed.success && parsed.data[0] === logId && parsed.data[1] === list ? shape.safeParse(parsed.data.slice(2)) : undefined
  if (key?.success) return { key: key.data }
  const reason = 'is not a cursor of this list'
  return { refusal: refusal('invalid_request', `the query is not valid: cursor ${reason}`, { errors: [{ field: 'cursor', reason }] }) }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/** A bigint column's value inside a cursor. */
export const BigText = z.string().regex(/^\d{1,18}$/)
/** A numeric column's: sums of amounts do not fit a bigint. */
export const NumericText = z.string().regex(/^\d{1,60}$/)
/** An integer column's. */
export const Integer = z
  .number()
  .int()
  .min(-(2 ** 31))
  .max(2 ** 31 - 1)
