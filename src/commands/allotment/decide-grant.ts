import { grantOf, type LimitEvent, type LimitState, limitOf } from '../../events/limit-book.ts'
import { formatPrice } from '../../platform/decimal.ts'
import type { Need } from '../limits/allotments.ts'

export type GrantAnswer =
  /** All that the account was ever granted: more than it had received. */
  | { readonly kind: 'granted'; readonly total: bigint }
  /** Less is free than the order needs. */
  | { readonly kind: 'exhausted'; readonly limit: bigint; readonly outstanding: bigint; readonly wanted: bigint }
  /** The measure is not limited any more. */
  | { readonly kind: 'unlimited' }

/** An account that comes for a share gets some more, so that not every order needs a grant of its own: this part of the limit … */
const SPARE_PART = 64n
/** … and never more than this part of what is free, so that the last ones are not taken for nothing. */
const FREE_PART = 4n

/**
 * Grants an account the share an order needs, if that much is free: what is granted and not returned never exceeds the limit.
 * What was granted before and did not arrive (the process died in between) is used first.
 */
export const decideGrant = (
  state: LimitState,
  accountId: string,
  { scope, key, missing, received }: Need,
  at: number,
): { readonly events: readonly LimitEvent[]; readonly answer: GrantAnswer } => {
  const limit = limitOf(state, key)
  if (limit === undefined) return { events: [], answer: { kind: 'unlimited' } }
  const { granted } = grantOf(state, key, accountId)
  const wanted = missing - (granted > received ? granted - received : 0n)
  if (wanted <= 0n) return { events: [], answer: { kind: 'granted', total: granted } }
  const outstanding = state.outstanding.get(key) ?? 0n
  const free = limit - outstanding
  if (free < wanted) return { events: [], answer: { kind: 'exhausted', limit, outstanding, wanted } }
  const spare = smaller(limit / SPARE_PART, (free - wanted) / FREE_PART)
  const total = granted + wanted + spare
  return {
    events: [{ type: 'LimitGranted', data: { scope, accountId, key, total: formatPrice(total), at } }],
    answer: { kind: 'granted', total },
  }
}

/** Notes what an account has given back; it had done so in its own stream before. */
export const decideReturn = (
  state: LimitState,
  accountId: string,
  { scope, key, total }: { readonly scope: string; readonly key: string; readonly total: bigint },
  at: number,
): { readonly events: readonly LimitEvent[]; readonly answer: bigint } => {
  const { returned } = grantOf(state, key, accountId)
  if (total <= returned) return { events: [], answer: 0n }
  return { events: [{ type: 'LimitReturned', data: { scope, accountId, key, total: formatPrice(total), at } }], answer: total - returned }
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)
