import { z } from 'zod'
import { HOUSE, ID_PATTERN, parseOrderId } from '../../events/streams.ts'

/** Parts of paths and queries that every resource shares. All stay strings here: the routes' contract. */
export const AccountIdText = z
  .string()
  .regex(ID_PATTERN, 'is not an account id')
  .refine((id) => id !== HOUSE, 'is reserved')

export const OrderIdText = z.string().refine((id) => parseOrderId(id) !== undefined, 'is not an order id')
export const ClOrdIdText = z.string().regex(ID_PATTERN, 'is not a clOrdId')
/** A withdrawalId, transferId and the like. */
export const ClientIdText = z.string().regex(ID_PATTERN, 'is not an id')

/** A commit position, at most 2^64 - 1. */
export const PositionText = z
  .string()
  // aborts: the next check could not even read it
  .regex(/^(0|[1-9]\d{0,19})$/, { error: 'must be a position in decimal', abort: true })
  .refine((text) => BigInt(text) < 2n ** 64n, 'is too large')

const MOST_ROWS = 1_000
const LimitText = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'must be a whole number from 1')
  .refine((text) => Number(text) <= MOST_ROWS, `must be at most ${MOST_ROWS}`)

/** Rows of a page when the client does not say. */
const USUAL_ROWS = 100

export const ReadQuery = z.strictObject({ minPosition: PositionText.optional() })
export const ListQuery = z.strictObject({
  minPosition: PositionText.optional(),
  limit: LimitText.optional(),
  cursor: z.string().min(1).max(400).optional(),
})

export const minPositionOf = (query: Readonly<Record<string, string | undefined>>): bigint => BigInt(query.minPosition ?? 0)
export const limitOf = (query: Readonly<Record<string, string | undefined>>): number => Number(query.limit ?? USUAL_ROWS)
