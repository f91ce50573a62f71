import type { DataOf } from '../../events/account/account-event.ts'
import { isTerminal } from '../../events/fields.ts'
import { parseOrderId } from '../../events/streams.ts'
import { depositCommandId, depositOf, depositTermsHash } from '../ledger/deposit.ts'
import { wasCanceledByUser } from '../order/cancel.ts'
import { evolveOrder, type OrderChange } from '../order/evolve.ts'
import { placeCommandId } from '../order/order-request.ts'
import type { OrderState } from '../order/order-state.ts'
import { type Booked, isRefSettled } from '../transaction/attempt-state.ts'
import { bookOn } from '../transaction/evolve.ts'
import { closePayout } from './evolve-payouts.ts'
import { rememberClosed } from './known-ids.ts'
import type { AccountState } from './state.ts'

/** Orders whose repeated DELETE is still answered with the order; a retry comes soon after, and 100 take 25 KB of a snapshot. */
const CANCELED_KEPT = 100

/** Applies an event to its order and lets it leave the fold once nothing about it can change. */
export const changeOrder = (state: AccountState, orderId: string, event: OrderChange): AccountState => {
  const number = numberOf(orderId)
  const before = state.orders.get(number)
  if (!before) return state
  const order = evolveOrder(before, event)
  const opened = Number(!isTerminal(order.ordStatus)) - Number(!isTerminal(before.ordStatus))
  const next = { ...state, orders: state.orders.set(number, order), openOrders: state.openOrders + opened }
  return closeSettled(next, String(number))
}

/** Remembers the trade on its attempt: a vanished transaction is taken back to the unit. */
export const bookTradeOn = (state: AccountState, data: DataOf<'TradeBooked'>): AccountState => {
  const trade = {
    kind: 'trade',
    execId: data.execId,
    lastQty: BigInt(data.lastQty),
    lastQuote: BigInt(data.lastQuote),
    released: BigInt(data.released.amount),
    surplus: 0n,
    fee: 0n,
    sold: data.side === 'sell',
    base: data.base,
    quote: data.quote,
  } as const
  return { ...state, ...bookOn(state, String(numberOf(data.orderId)), data.attempt, () => trade) }
}

export const bookSurplus = (state: AccountState, { execId, surplus }: DataOf<'FundsSurplusCredited'>): AccountState =>
  changeTrade(state, execId, (trade) => ({ ...trade, surplus: trade.surplus + BigInt(surplus.amount) }))

type Trade = Extract<Booked, { kind: 'trade' }>

/** Changes what an attempt remembers of its trade; a trade that is taken back in the same append is forgotten already. */
export const changeTrade = (state: AccountState, execId: string, change: (trade: Trade) => Trade): AccountState => {
  const [, ref = '', attempt = ''] = execId.split('.')
  return { ...state, ...bookOn(state, ref, Number(attempt), (booked) => (booked?.kind === 'trade' ? change(booked) : booked)) }
}

/** Moves an ended order or deposit out of the fold when all its attempts are final or expired; only its id stays known. */
export const closeSettled = (state: AccountState, ref: string): AccountState => {
  if (!isRefSettled(state, ref)) return state
  const order = state.orders.get(Number(ref))
  if (order) return isTerminal(order.ordStatus) ? closeOrder(state, order) : state
  const payout = state.payouts.get(ref)
  if (payout) return closePayout(state, payout)
  const deposit = depositOf(state, ref)
  if (!deposit || deposit.status === 'requested') return state
  const known = rememberClosed(
    state,
    depositCommandId(deposit.depositId),
    depositTermsHash(deposit.asset, deposit.amount),
    deposit.requestedRevision,
  )
  return { ...known, deposits: state.deposits.delete(deposit.depositId), attempts: state.attempts.delete(ref) }
}

const closeOrder = (state: AccountState, order: OrderState): AccountState => ({
  ...rememberClosed(state, placeCommandId(order.clOrdId), order.termsHash, order.acceptedRevision),
  orders: state.orders.delete(order.number),
  openByClOrdId: state.openByClOrdId.delete(order.clOrdId),
  attempts: state.attempts.delete(String(order.number)),
  canceled: wasCanceledByUser(order) ? keepCanceled(state.canceled, order) : state.canceled,
})

const keepCanceled = (canceled: AccountState['canceled'], order: OrderState): AccountState['canceled'] => {
  const next = canceled.set(order.number, order)
  const oldest = next.size > CANCELED_KEPT ? next.keySeq().first() : undefined
  return oldest === undefined ? next : next.delete(oldest)
}

const numberOf = (orderId: string): number => parseOrderId(orderId)?.number ?? 0
