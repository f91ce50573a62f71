import type { DataOf } from '../../events/account/account-event.ts'
import type { PriceCitation } from '../../events/fields.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import { orderIdOf } from '../../events/streams.ts'
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
    ...termsOf(placement),
    reserved: { asset: reserved.asset, amount: reserved.amount.toString() },
    reference: placement.request.price === null ? (reference ?? null) : null,
    at: placement.at,
  },
})

/** A refusal on record: the order has a number, nothing is held. */
export const rejectOrder = (placement: Placement, code: DataOf<'OrderRejected'>['code'], text: string): Rejected => ({
  type: 'OrderRejected',
  data: { ...termsOf(placement), code, text, at: placement.at },
})

const termsOf = ({ accountId, number, request, instrument, termsHash }: Placement) => ({
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
  stopPrice: null,
  maxSlippageBps: request.maxSlippageBps,
  expireAt: null,
  strategyId: null,
  trailingOffset: null,
  reduceOnly: false,
  postOnly: false,
  list: null,
  algo: null,
  instrument: instrumentTerms(instrument),
})
