import { evolve } from '../../commands/account/evolve.ts'
import { type AccountState, EMPTY_ACCOUNT, type OrderState } from '../../commands/account/state.ts'
import { isFilledBy, leavesQtyOf } from '../../commands/order/order-state.ts'
import { hasOpenAttempt } from '../../commands/transaction/attempt-state.ts'
import type { AccountEvent } from '../../events/account/account-event.ts'
import { decodeAccountEvent } from '../../events/decode.ts'
import { isTerminal } from '../../events/fields.ts'
import { postingsOf } from '../../events/postings.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { parseOrderId } from '../../events/streams.ts'
import type { Violations } from './violations.ts'

/** One account as its stream tells it, with books of its own beside the product's fold: both must agree after every append. */
export interface AccountBook {
  state(): AccountState
  /** The fold at one of the last revisions. */
  stateAt(revision: bigint): AccountState | undefined
  /** One append of the stream. */
  apply(events: readonly RecordedEvent[]): void
}

interface Executed {
  cumQty: bigint
  cumQuote: bigint
}

/** Revisions that are remembered: a snapshot is written a moment after its fold. */
const REMEMBERED = 200

export const createAccountBook = (accountId: string, violations: Violations): AccountBook => {
  let state = EMPTY_ACCOUNT
  const states: AccountState[] = []
  const balances = new Map<string, bigint>()
  const executed = new Map<string, Executed>()
  const once = new Set<string>()
  const unique = (what: string): void => {
    if (once.has(what)) violations.add('doubled', `${accountId}: ${what} twice`)
    once.add(what)
  }

  const post = (event: AccountEvent): void => {
    const sums = new Map<string, bigint>()
    for (const { account, asset, amount } of postingsOf(event)) {
      sums.set(asset, (sums.get(asset) ?? 0n) + amount)
      balances.set(`${account} ${asset}`, (balances.get(`${account} ${asset}`) ?? 0n) + amount)
    }
    for (const [asset, sum] of sums)
      if (sum !== 0n) violations.add('other', `${accountId}: entries of ${event.type} in ${asset} add up to ${sum}`)
  }
  /** FIX arithmetic from the events alone. */
  const count = (event: AccountEvent): void => {
    if (event.type !== 'TradeBooked' && event.type !== 'TradeCanceled') return
    const book = executed.get(event.data.orderId) ?? { cumQty: 0n, cumQuote: 0n }
    executed.set(event.data.orderId, book)
    const [qty, quote] =
      event.type === 'TradeBooked'
        ? [BigInt(event.data.lastQty), BigInt(event.data.lastQuote)]
        : [-BigInt(event.data.busted.qty), -BigInt(event.data.busted.quote)]
    book.cumQty += qty
    book.cumQuote += quote
    if (book.cumQty < 0n || book.cumQuote < 0n) violations.add('other', `${event.data.orderId}: CumQty below zero`)
    if (event.type === 'TradeBooked' && qty <= 0n) violations.add('other', `${event.data.orderId}: a trade of nothing`)
  }

  const before = (event: AccountEvent, old: AccountState): void => {
    switch (event.type) {
      case 'OrderAccepted':
      case 'OrderRejected':
        unique(`order ${event.data.clOrdId}`)
        break
      case 'FundsDepositRequested':
        unique(`deposit ${event.data.depositId}`)
        break
      case 'FundsWithdrawalRequested':
        unique(`withdrawal ${event.data.withdrawalId}`)
        break
      case 'FundsTransferRequested':
        unique(`transfer ${event.data.transferId}`)
        break
      case 'FundsTransferReceived':
        unique(`transfer from ${event.data.from}.${event.data.transferId}`)
        break
      case 'AlgoStarted':
        unique(`algo ${event.data.algoId}`)
        break
      case 'TradeBooked':
        unique(`trade ${event.data.execId}`)
        break
      case 'TransactionSigned':
        unique(`attempt ${event.data.ref}#${event.data.attempt}`)
        if (hasOpenAttempt(state, event.data.ref)) violations.add('doubled', `${accountId}: a second live attempt of ${event.data.ref}`)
        break
      case 'OrderCanceled':
      case 'OrderExpired': {
        const number = parseOrderId(event.data.orderId)?.number ?? 0
        const was = old.orders.get(number)
        if (was && !isTerminal(was.ordStatus) && hasOpenAttempt(state, String(number)))
          violations.add('other', `${event.data.orderId}: ended under an open attempt`)
        break
      }
      default:
    }
  }

  /** Only a reversal takes an account below zero. */
  const covered = (orderId: string, asset: string): void => {
    const available = state.balances.get(asset)?.available ?? 0n
    if (available < 0n) violations.add('other', `${orderId} was accepted and leaves ${available} ${asset}`)
  }
  const check = (): void => {
    checkAlgos()
    const held = new Map<string, bigint>()
    for (const order of state.orders.values()) {
      checkOrder(order)
      held.set(order.reserved.asset, (held.get(order.reserved.asset) ?? 0n) + order.reserved.amount)
    }
    for (const { asset, amount, status } of state.payouts.values())
      if (status === 'requested' || status === 'ready') held.set(asset, (held.get(asset) ?? 0n) + amount)
    for (const [asset, { available, reserved }] of state.balances) {
      const booked = { available: balances.get(`available ${asset}`) ?? 0n, reserved: balances.get(`reserved ${asset}`) ?? 0n }
      if (booked.available !== available || booked.reserved !== reserved)
        violations.add(
          'other',
          `${accountId}: the fold has ${available}+${reserved} ${asset}, its entries ${booked.available}+${booked.reserved}`,
        )
      if (reserved !== (held.get(asset) ?? 0n))
        violations.add('orphan', `${accountId}: ${reserved} ${asset} reserved, ${held.get(asset) ?? 0n} held by orders and payouts`)
    }
  }
  const checkAlgos = (): void => {
    for (const { algoId, executed: done, quantity } of state.algos.values())
      if (done > quantity) violations.add('doubled', `${accountId}: algo ${algoId} has executed ${done} of ${quantity}`)
  }
  const checkOrder = (order: OrderState): void => {
    const { orderId, ordStatus, reserved, cumQty, cumQuote } = order
    const book = executed.get(orderId) ?? { cumQty: 0n, cumQuote: 0n }
    const wrong = (what: string): void => violations.add('other', `${orderId}: ${what}`)
    if (reserved.amount < 0n) wrong(`holds ${reserved.amount}`)
    if (isTerminal(ordStatus) && reserved.amount !== 0n) violations.add('orphan', `${orderId} is ${ordStatus} and holds ${reserved.amount}`)
    if (book.cumQty !== cumQty || book.cumQuote !== cumQuote)
      wrong(`CumQty ${cumQty} at ${cumQuote}, its trades ${book.cumQty} at ${book.cumQuote}`)
    const leaves = leavesQtyOf(order)
    if (order.orderQty !== null && leaves !== null && cumQty + leaves !== order.orderQty) wrong('CumQty + LeavesQty is not OrderQty')
    if (ordStatus === 'Filled' && !isFilledBy(order, cumQty, cumQuote)) wrong('Filled with something left')
    if (ordStatus === 'PartiallyFilled' && (cumQty === 0n || isFilledBy(order, cumQty, cumQuote))) wrong(`PartiallyFilled at ${cumQty}`)
    if (ordStatus === 'New' && cumQty !== 0n) wrong(`New with CumQty ${cumQty}`)
  }

  return {
    state: () => state,
    stateAt: (revision) => states.find((one) => one.revision === revision),
    apply: (events) => {
      const old = state
      for (const recorded of events) {
        const event = decodeAccountEvent(recorded)
        before(event, old)
        post(event)
        count(event)
        state = evolve(state, event, recorded.revision)
        states.push(state)
        if (states.length > REMEMBERED) states.shift()
        if (event.type === 'OrderAccepted') covered(event.data.orderId, event.data.reserved.asset)
      }
      check()
    },
  }
}
