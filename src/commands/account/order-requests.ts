import type { CxlRejReason } from '../../events/fields.ts'
import type { ProblemCode } from '../../platform/http/problem.ts'
import { balanceOf } from '../ledger/balances.ts'
import { type Breach, controlBreach } from '../limits/control-check.ts'
import { isExit, mostBaseUnder } from '../limits/exits.ts'
import { rejectionWait } from '../limits/rejection-budget.ts'
import { replaceBreach, replaceNeeds, repriceBreach } from '../limits/replace-breach.ts'
import { ofStrategy } from '../limits/signing-block.ts'
import { cancelOrder } from '../order/cancel.ts'
import { rejectRequest } from '../order/conclude.ts'
import { placeCommandId } from '../order/order-request.ts'
import type { OrderState } from '../order/order-state.ts'
import { applyReplace, changed, type RejectCode, rejectReplace, unfitFields } from '../order/replace.ts'
import { cancelHash, isCancelPending, isOver, MAX_PENDING_REQUESTS, replaceHash } from '../order/requests.ts'
import { hasOpenAttempt } from '../transaction/attempt-state.ts'
import { answerOrder, orderAfter, refused, repeated } from './answers.ts'
import type { AccountCommand, Decision } from './command.ts'
import { findKnown, idHash } from './known-ids.ts'
import type { AccountState } from './state.ts'

type CommandOf<T extends AccountCommand['type']> = Extract<AccountCommand, { type: T }>

/** A trader's cancel: a plain DELETE, or a FIX cancel request with a ClOrdID of its own, which is never used twice. */
export const cancel = (state: AccountState, accountId: string, command: CommandOf<'CancelOrder'>, at: number): Decision => {
  const { number } = command
  const clOrdId = command.clOrdId ?? null
  const before = clOrdId === null ? undefined : earlierRequest(state, accountId, number, clOrdId, cancelHash(number))
  if (before) return before
  const order = state.orders.get(number)
  if (!order) {
    const ended = state.canceled.get(number)
    return ended && clOrdId === null ? answerOrder(accountId, ended, [], false) : gone(state, accountId, number)
  }
  const outcome = cancelOrder(order, hasOpenAttempt(state, String(number)), clOrdId, at)
  switch (outcome.kind) {
    case 'again':
      return answerOrder(accountId, order, [], false)
    case 'pending':
      return rejected('too_late_to_cancel', 'a cancel is pending', order.orderId, 'AlreadyPending')
    case 'too_late':
      return rejected('too_late_to_cancel', `the order is ${order.ordStatus}`, order.orderId, 'TooLateToCancel')
    case 'cancel':
      return answerOrder(accountId, orderAfter(state, [outcome.event], number) ?? order, [outcome.event], true)
    default:
      return outcome satisfies never
  }
}

/** New quantity or price: at once without an open attempt, else decided when that ends, after the requests that came before. */
export const replaceOrder = (state: AccountState, accountId: string, command: CommandOf<'ReplaceOrder'>, at: number): Decision => {
  const { number, clOrdId, change } = command
  const termsHash = replaceHash(number, change)
  const before = earlierRequest(state, accountId, number, clOrdId, termsHash)
  if (before) return before
  const order = state.orders.get(number)
  if (!order) return gone(state, accountId, number)
  if (isOver(order)) return rejected('too_late_to_cancel', 'the order has ended', order.orderId, 'TooLateToCancel')
  if (order.list !== null) return refused('invalid_request', 'an order of a list is not replaced: its legs depend on each other')
  if (state.algos.some(({ child }) => child === number))
    return refused('invalid_request', 'an order of an algo is not replaced: the algo decides its size')
  const errors = unfitFields(order, change)
  if (errors.length > 0) return refused('invalid_request', `the body is not valid: ${errors[0]?.field} ${errors[0]?.reason}`, { errors })
  if (isCancelPending(order)) return rejected('too_late_to_cancel', 'a cancel is pending', order.orderId, 'AlreadyPending')
  const open = hasOpenAttempt(state, String(number))
  if (order.requests.length >= MAX_PENDING_REQUESTS)
    return rejected('limit_breached', `at most ${MAX_PENDING_REQUESTS} requests wait on one order`, order.orderId, 'AlreadyPending')
  const event = decideReplace(state, order, command, { termsHash, open }, at)
  if (!('type' in event)) return { events: [], answer: event }
  if (event.type !== 'OrderReplaceRejected') return answerOrder(accountId, orderAfter(state, [event], number) ?? order, [event], true)
  const { cxlRejReason, code, text, why } = event.data
  const wait = rejectionWait(state.rejectedAt, at)
  if (wait > 0) return refused('rate_limited', 'too many orders of this account were rejected in the last minute', { retryAfter: wait })
  const extra = { orderId: order.orderId, cxlRejReason, ...(why ? { why } : {}) }
  return refused(problemOf(code), text, { events: [event], extra })
}

/** The checks in the order in which placing has them: control, limits, funds, then the shares of wider limits. */
const decideReplace = (
  state: AccountState,
  order: OrderState,
  { clOrdId, change, control, limits, mark, exhausted }: CommandOf<'ReplaceOrder'>,
  { termsHash, open }: { readonly termsHash: string; readonly open: boolean },
  at: number,
) => {
  const request = { clOrdId, termsHash, change }
  const reject = ({ text, why }: Breach, code: RejectCode) => rejectReplace(order, request, { reason: 'BrokerOption', code, text, why }, at)
  const repriced = { before: order, next: changed(order, change) }
  const halt = controlBreach(control, (scope) => isExit(state, exitOf(repriced.next, ofStrategy(scope, order.strategyId))))
  if (halt) return reject(halt, 'halted')
  const offMarket = repriceBreach(state, repriced, limits, mark)
  if (offMarket) return reject(offMarket, 'limit_breached')
  if (open) return requested(order, clOrdId, termsHash, change, at)
  const { available } = balanceOf(state.balances, order.reserved.asset)
  const event = applyReplace(order, request, { available, breach: (terms) => replaceBreach(state, terms, limits, at) }, at)
  if (event.type === 'OrderReplaceRejected') return event
  const needs = replaceNeeds(state, repriced, { ...(limits ? { limits } : {}), ...(exhausted ? { exhausted } : {}) }, at)
  if ('why' in needs) return reject(needs, 'limit_breached')
  return needs.length > 0 ? ({ kind: 'needs_shares', needs } as const) : event
}

/** The order as it would be, for the question whether it only reduces the position. */
const exitOf = (next: OrderState, strategyId: string | null) => ({
  number: next.number,
  symbol: next.instrument.symbol,
  side: next.side,
  strategyId,
  most: mostBaseUnder(next),
  baseDecimals: next.instrument.baseDecimals,
})

/** Only a request that was pending can have been withdrawn, and that is no answer to anybody. */
export const problemOf = (code: RejectCode): ProblemCode => (code === 'withdrawn' ? 'too_late_to_cancel' : code)

/** The pending request is answered with a refusal and the order goes on as it was. */
export const withdraw = (
  state: AccountState,
  accountId: string,
  { number, clOrdId }: CommandOf<'WithdrawRequest'>,
  at: number,
): Decision => {
  const order = state.orders.get(number)
  const request = order?.requests.find((pending) => pending.clOrdId === clOrdId)
  if (!order || !request) return refused('not_found', 'no such pending request')
  const event = rejectRequest(order, request, 'BrokerOption', 'WITHDRAWN', at)
  return answerOrder(accountId, orderAfter(state, [event], number) ?? order, [event], false)
}

const requested = (order: OrderState, clOrdId: string, termsHash: string, change: CommandOf<'ReplaceOrder'>['change'], at: number) => {
  const terms = { ...change, orderQty: change.orderQty?.toString() ?? null, cashOrderQty: change.cashOrderQty?.toString() ?? null }
  const data = { orderId: order.orderId, clOrdId, origClOrdId: order.lastClOrdId, termsHash, change: terms, at }
  return { type: 'OrderReplaceRequested', data } as const
}

/** A ClOrdID that was used before: the same request again is answered by the order as it stands, any other one is a duplicate. */
const earlierRequest = (
  state: AccountState,
  accountId: string,
  number: number,
  clOrdId: string,
  termsHash: string,
): Decision | undefined => {
  const commandId = placeCommandId(clOrdId)
  const known = state.openByClOrdId.has(clOrdId) ? 'other_terms' : findKnown(state, commandId, termsHash)
  if (!known) return undefined
  const orderId = `${accountId}.${number}`
  if (known === 'other_terms') return rejected('duplicate_cl_ord_id', `${clOrdId} was used before`, orderId, 'DuplicateClOrdID')
  if (state.rejected.has(idHash(commandId))) return repeated(known.revision)
  const order = state.orders.get(number) ?? state.canceled.get(number)
  return order ? answerOrder(accountId, order, [], false) : gone(state, accountId, number)
}

const gone = (state: AccountState, accountId: string, number: number): Decision =>
  number >= state.nextOrder || number < 1
    ? refused('not_found', 'no such order', { extra: { cxlRejReason: 'UnknownOrder' } })
    : rejected('too_late_to_cancel', 'the order has ended', `${accountId}.${number}`, 'TooLateToCancel')

const rejected = (code: ProblemCode, detail: string, orderId: string, cxlRejReason: CxlRejReason): Decision =>
  refused(code, detail, { extra: { orderId, cxlRejReason } })
