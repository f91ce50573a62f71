import type { AccountEvent } from '../../events/account/account-event.ts'
import { parseOrderId } from '../../events/streams.ts'
import { countRejection } from '../limits/rejection-budget.ts'
import { placeCommandId } from '../order/order-request.ts'
import { cancelHash } from '../order/requests.ts'
import { rememberClosed, rememberRejected } from './known-ids.ts'
import type { AccountState } from './state.ts'

type RequestEvent = Extract<
  AccountEvent,
  { type: 'OrderCancelRequested' | 'OrderCanceled' | 'OrderReplaceRequested' | 'OrderReplaced' | 'OrderReplaceRejected' }
>

/** The ClOrdID of a cancel or replace is used up with the first event that bears it: remembered like that of a closed order. */
export const rememberRequest = (state: AccountState, event: RequestEvent, revision: bigint): AccountState => {
  const { orderId, clOrdId } = event.data
  if (clOrdId === null) return state
  const number = parseOrderId(orderId)?.number ?? 0
  // a request that had to wait was remembered when it began to
  if (state.orders.get(number)?.requests.some((request) => request.clOrdId === clOrdId)) return state
  const termsHash = 'termsHash' in event.data ? event.data.termsHash : cancelHash(number)
  const commandId = placeCommandId(clOrdId)
  if (event.type !== 'OrderReplaceRejected') return rememberClosed(state, commandId, termsHash, revision)
  const known = rememberRejected(state, commandId, termsHash, revision)
  return { ...known, rejectedAt: countRejection(state.rejectedAt, event.data.at) }
}
