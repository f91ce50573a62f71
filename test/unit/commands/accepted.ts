import type { OrderRequest } from '../../../src/commands/account/command.ts'
import type { OrderState } from '../../../src/commands/order/order-state.ts'
import type { PendingRequest } from '../../../src/commands/order/requests.ts'
import { funded, place } from './account-story.ts'

/** The order as the fold has it after its acceptance at a market of 100, with what a test changes of it. */
export const accepted = (r: OrderRequest, change: Partial<OrderState> = {}): OrderState => {
  const s = funded()
  s.does(place(r))
  return { ...s.state.orders.get(1)!, ...change }
}

/** Requests as they wait for an open attempt. */
export const asksCancel = (clOrdId: string): PendingRequest => ({ kind: 'cancel', clOrdId })
export const asksReplace = (clOrdId: string, orderQty: bigint): PendingRequest => ({
  ...{ kind: 'replace', clOrdId, termsHash: 'h' },
  change: { orderQty, cashOrderQty: null, price: null, stopPrice: null },
})
