import type { PriceCitation, Why } from '../../events/fields.ts'
import { parsePrice } from '../../platform/decimal.ts'
import type { OrderRequest } from './order-request.ts'

/**
 * Why a post-only order is refused; undefined when it may rest. The venue is a pool, which has no maker's side to join: post-only
 * means that the order does not meet the market at the moment it is accepted. Later it executes like any resting order.
 */
export const postOnlyBreach = (
  { postOnly, side, price }: Pick<OrderRequest, 'postOnly' | 'side' | 'price'>,
  reference: PriceCitation | undefined,
): { readonly code: 'limit_breached'; readonly text: string; readonly why: Why } | undefined => {
  if (!postOnly) return undefined
  const [limit, mid] = [parsePrice(price ?? ''), parsePrice(reference?.price ?? '')]
  if (limit === undefined || mid === undefined) return refusal('post-only without a price to compare')
  const meets = side === 'buy' ? mid <= limit : mid >= limit
  return meets ? refusal(`post-only, but the market at ${reference?.price} meets the limit at once`, price, reference) : undefined
}

const refusal = (text: string, price?: string | null, reference?: PriceCitation) => {
  const why: Why = { rule: 'post_only', ...(price ? { limit: price } : {}), ...(reference ? { value: reference.price } : {}) }
  return { code: 'limit_breached' as const, text, why }
}
