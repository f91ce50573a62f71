import type { AccountEvent } from '../../events/account/account-event.ts'
import type { Compensation } from '../../events/fields.ts'
import { feeOn } from '../../events/trading-fee.ts'
import type { Fill } from './fill.ts'
import { placeCommandId } from './order-request.ts'
import type { OrderState } from './order-state.ts'

/** The fee on what a trade brought in, by the schedule that was in force at the order's acceptance; nothing on a surplus, which is no fill. */
export const chargeFee = (order: OrderState, fill: Fill, execId: string, at: number): readonly AccountEvent[] => {
  const { base, quote } = order.instrument
  const received = order.side === 'buy' ? { asset: base, amount: fill.lastQty } : { asset: quote, amount: fill.lastQuote }
  const amount = feeOn(received.amount, order.fee)
  if (order.fee === null || amount === 0n) return []
  return [
    {
      type: 'LedgerFeeCharged',
      data: { execId, orderId: order.orderId, asset: received.asset, amount: amount.toString(), fee: order.fee, at },
    },
  ]
}

/** What a busted trade had been charged goes back to the unit. */
export const reverseFee = (
  order: OrderState,
  { execId, fee }: { readonly execId: string; readonly fee: bigint },
  asset: string,
  cause: Compensation['cause'],
  at: number,
): AccountEvent => {
  const amount = fee.toString()
  const compensates: Compensation = { cause, command: placeCommandId(order.clOrdId), reverses: 'fee', effect: { asset, amount } }
  return {
    type: 'LedgerFeeReversed',
    data: { execId: `${execId}.cancel`, execRefId: execId, orderId: order.orderId, asset, amount, compensates, at },
  }
}
