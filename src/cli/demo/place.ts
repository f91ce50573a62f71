import { systemClock } from '../../platform/clock.ts'
import { formatUnits } from '../../platform/decimal.ts'
import type { Api } from '../api.ts'
import type { PlannedOrder } from './plan.ts'

/** An order that the product answered, by its id; refused ones have one too. */
export interface PlacedOrder {
  readonly orderId: string
  readonly kind: PlannedOrder['kind']
}

/** Places one planned order and, where planned, sends its cancel later. @throws for an answer that no planned order may get */
export const placeOrder = async (
  api: Api,
  accountId: string,
  clOrdId: string,
  plan: PlannedOrder,
  market: string,
): Promise<PlacedOrder> => {
  const { symbol, side, type, timeInForce, quantity, cashOrderQty, maxSlippageBps, priceBps, cancelAfterMs } = plan
  const reply = await api.persist('POST', '/v1/orders', {
    accountId,
    clOrdId,
    symbol,
    side,
    type,
    timeInForce,
    ...(quantity === undefined ? {} : { quantity }),
    ...(cashOrderQty === undefined ? {} : { cashOrderQty }),
    ...(maxSlippageBps === undefined ? {} : { maxSlippageBps }),
    ...(priceBps === undefined ? {} : { price: limitPrice(market, priceBps) }),
  })
  const { orderId } = reply.body
  // 422 with an orderId: the decision refused it and recorded it as Rejected
  if (![200, 201, 422].includes(reply.status) || typeof orderId !== 'string')
    throw new Error(`${plan.kind} order ${clOrdId}: ${reply.status} ${JSON.stringify(reply.body)}`)
  if (cancelAfterMs !== undefined && reply.status !== 422) await cancelLater(api, orderId, cancelAfterMs)
  return { orderId, kind: plan.kind }
}

const cancelLater = async (api: Api, orderId: string, ms: number): Promise<void> => {
  await systemClock.sleep(ms)
  await cancelOrder(api, orderId)
}

/** Cancels an order that may have ended meanwhile. @throws for any other refusal */
export const cancelOrder = async (api: Api, orderId: string): Promise<void> => {
  const reply = await api.persist('DELETE', `/v1/orders/${orderId}`)
  if (reply.status !== 200 && reply.body.code !== 'too_late_to_cancel')
    throw new Error(`cancel of ${orderId}: ${reply.status} ${JSON.stringify(reply.body)}`)
}

/** A price some basis points from the market, in whole cents. */
const limitPrice = (market: string, bps: number): string =>
  formatUnits(BigInt(Math.max(1, Math.round(Number(market) * 100 * (1 + bps / 10_000)))), 2)
