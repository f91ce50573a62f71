import type { DataOf } from '../../events/account/account-event.ts'
import type { PriceCitation, Why } from '../../events/fields.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import { orderIdOf } from '../../events/streams.ts'
import type { TradingFee } from '../../events/trading-fee.ts'
import { stopBehind } from './conditions.ts'
import { instrumentTerms, type OrderRequest } from './order-request.ts'

interface Accepted {
  readonly type: 'OrderAccepted'
  readonly data: DataOf<'OrderAccepted'>
}
interface Rejected {
  readonly type: 'OrderRejected'
  readonly data: DataOf<'OrderRejected'>
}

export interface Placement {
  readonly accountId: string
  readonly number: number
  readonly request: OrderRequest
  readonly instrument: Instrument
  readonly termsHash: string
  /** In force for the account and the instrument; null: none is charged. */
  readonly fee: TradingFee | null
  readonly at: number
}

/** The order is New and its funds are held, in one event. */
export const acceptOrder = (
  placement: Placement,
  reserved: { readonly asset: string; readonly amount: bigint },
  reference: PriceCitation | undefined,
): Accepted => ({
  type: 'OrderAccepted',
  data: {
    ...termsOf(placement, reference),
    reserved: { asset: reserved.asset, amount: reserved.amount.toString() },
    reference: needsReference(placement.request) ? (reference ?? null) : null,
    fee: placement.fee,
    at: placement.at,
  },
})

/** A refusal on record: the order has a number, nothing is held. */
export const rejectOrder = (
  placement: Placement,
  { code, text, why }: Pick<DataOf<'OrderRejected'>, 'code' | 'text'> & { readonly why: Why },
): Rejected => ({
  type: 'OrderRejected',
  data: { ...termsOf(placement, undefined), code, text, why, at: placement.at },
})

/** Orders whose decision takes a market price: what has no price of its own, and post-only, which must not meet it. */
export const needsReference = (request: OrderRequest): boolean =>
  request.type === 'market' || request.type === 'trailing_stop' || request.postOnly

/** The stop price an order starts with: a trailing stop's is its offset behind the market. */
export const firstStop = (request: OrderRequest, reference: PriceCitation | undefined): string | null =>
  request.trailingOffset && reference ? stopBehind(request.side, reference.price, request.trailingOffset) : request.stopPrice

const DAY_MS = 86_400_000

/** A Day order ends at the next midnight UTC. */
export const expiryOf = (request: OrderRequest, at: number): number | null =>
  request.timeInForce === 'day' ? (Math.floor(at / DAY_MS) + 1) * DAY_MS : request.expireAt

const termsOf = ({ accountId, number, request, instrument, termsHash, at }: Placement, reference: PriceCitation | undefined) => ({
  orderId: orderIdOf(accountId, number) as string,
  number,
  clOrdId: request.clOrdId,
  termsHash,
  side: request.side,
  type: request.type,
  timeInForce: request.timeInForce,
  orderQty: request.orderQty === null ? null : request.orderQty.toString(),
  cashOrderQty: request.cashOrderQty === null ? null : request.cashOrderQty.toString(),
  price: request.price,
  stopPrice: firstStop(request, reference),
  maxSlippageBps: request.maxSlippageBps,
  expireAt: expiryOf(request, at),
  strategyId: request.strategyId,
  trailingOffset: request.trailingOffset,
  reduceOnly: request.reduceOnly,
  postOnly: request.postOnly,
  list: request.list,
  algo: request.algo,
  instrument: instrumentTerms(instrument),
})
