import type { AccountEvent } from '../../events/account/account-event.ts'
import { decodeAccountEvent } from '../../events/decode.ts'
import { postingsOf } from '../../events/postings.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { applyPostings } from '../ledger/balances.ts'
import { depositOf, depositRef } from '../ledger/deposit.ts'
import { isPayoutRef } from '../ledger/payout.ts'
import { evolveRisk } from '../limits/evolve-risk.ts'
import { countRejection } from '../limits/rejection-budget.ts'
import { type OrderChange, openOrder } from '../order/evolve.ts'
import { placeCommandId } from '../order/order-request.ts'
import { evolveAttempts, type TransactionEvent } from '../transaction/evolve.ts'
import { rememberLate } from '../transaction/late.ts'
import { evolveAlgo, evolveSlice } from './evolve-algos.ts'
import { evolveCorrection } from './evolve-corrections.ts'
import { bookCredit, evolveDeposit, openArrival, openDeposit } from './evolve-deposits.ts'
import { bookFee, collect } from './evolve-fees.ts'
import { bookSurplus, bookTradeOn, changeOrder, closeSettled } from './evolve-orders.ts'
import { countPayoutAttempt, evolvePayout, finalizePayout } from './evolve-payouts.ts'
import { rememberRequest } from './evolve-requests.ts'
import { rememberRejected } from './known-ids.ts'
import { type AccountState, EMPTY_ACCOUNT } from './state.ts'

/** The account after one event of its stream. Pure: the same events give the same state everywhere. */
export const evolve = (before: AccountState, event: AccountEvent, revision: bigint): AccountState =>
  evolveSlice(before, evolveOwn(before, event, revision), event)

const evolveOwn = (before: AccountState, event: AccountEvent, revision: bigint): AccountState => {
  const postings = postingsOf(event)
  const state: AccountState = {
    ...before,
    revision,
    lastAt: Math.max(before.lastAt, event.data.at),
    balances: postings.length === 0 ? before.balances : applyPostings(before.balances, postings),
    risk: evolveRisk(before, event, revision),
  }
  switch (event.type) {
    case 'AccountOpened':
      return { ...state, accountId: event.data.accountId }
    case 'WalletAssigned':
      return { ...state, wallet: { publicKey: event.data.publicKey, path: event.data.path } }
    case 'FundsDepositRequested':
      return openDeposit(state, event.data, revision)
    case 'FundsArrived':
      return openArrival(state, event.data, revision)
    case 'FundsCredited':
      return bookCredit(state, event.data)
    case 'FundsDepositFailed':
      return closeSettled(evolveDeposit(state, event.data.depositId, { status: 'failed' }), depositRef(event.data.depositId))
    case 'FundsDepositReversed':
      return evolveDeposit(state, event.data.depositId, { status: 'reversed' })
    case 'FundsSurplusCredited':
      return bookSurplus(state, event.data)
    case 'FundsWithdrawalRequested':
    case 'FundsWithdrawalConfirmed':
    case 'FundsWithdrawalCancelRequested':
    case 'FundsWithdrawalCanceled':
    case 'FundsWithdrawalFailed':
    case 'FundsWithdrawalSent':
    case 'FundsWithdrawalReversed':
    case 'FundsWithdrawalLate':
    case 'FundsTransferRequested':
    case 'FundsTransferSent':
    case 'FundsTransferRecalled':
    case 'FundsTransferReturned':
    case 'FundsTransferReceived':
    case 'FundsTransferCompleted':
      return evolvePayout(state, event, revision)
    case 'OrderAccepted': {
      const order = openOrder(event.data, revision)
      return {
        ...state,
        nextOrder: order.number + 1,
        orders: state.orders.set(order.number, order),
        openOrders: state.openOrders + 1,
        openByClOrdId: state.openByClOrdId.set(order.clOrdId, order.number),
      }
    }
    case 'OrderRejected': {
      const { number, clOrdId, termsHash, at } = event.data
      const known = rememberRejected(state, placeCommandId(clOrdId), termsHash, revision)
      return { ...known, nextOrder: number + 1, rejectedAt: countRejection(state.rejectedAt, at) }
    }
    case 'LedgerDivergenceFound':
    case 'LedgerDivergenceResolved':
    case 'LedgerCorrectionRequested':
    case 'LedgerCorrected':
    case 'LedgerCorrectionRejected':
      return evolveCorrection(state, event, revision)
    case 'LedgerFeeTierSet':
      return { ...state, feeTier: event.data.tier }
    case 'LedgerFeeCharged':
      return bookFee(state, event.data)
    case 'LedgerFeeReversed':
      return collect(state, event.data.asset, -BigInt(event.data.amount))
    // money and position alone: the order's own arithmetic holds
    case 'TradeOverfilled':
    case 'LimitsSet':
    case 'AllotmentReceived':
    case 'AllotmentReturned':
    case 'ReadModelRepaired':
      return state
    case 'DeadManArmed':
      return { ...state, deadMan: { timeoutMs: event.data.timeoutMs, deadline: event.data.deadline } }
    case 'DeadManDisarmed':
    case 'DeadManFired':
      return { ...state, deadMan: undefined }
    case 'AlgoStarted':
    case 'AlgoPaused':
    case 'AlgoResumed':
    case 'AlgoCancelRequested':
    case 'AlgoSliceSkipped':
    case 'AlgoEnded':
      return evolveAlgo(state, event, revision)
    case 'OrderCancelRequested':
    case 'OrderCanceled':
    case 'OrderReplaceRequested':
    case 'OrderReplaced':
    case 'OrderReplaceRejected':
      return changeOrder(rememberRequest(state, event, revision), event.data.orderId, event)
    case 'OrderCancelRejected':
    case 'OrderReleased':
    case 'OrderReservationMoved':
    case 'OrderTriggered':
    case 'OrderTrailed':
    case 'OrderExpired':
    case 'TradeCanceled':
      return changeOrder(state, event.data.orderId, event)
    case 'TradeBooked':
      return changeOrder(bookTradeOn(state, event.data), event.data.orderId, event)
    case 'TransactionsFinalized':
      return event.data.transactions.reduce(
        (next, each) => closeSettled(finalizePayout(next, each), each.ref),
        withAttempts(state, event, revision),
      )
    default:
      return evolveTransaction(state, event, revision)
  }
}

/** The account after a decision's own events, as if they came next in its stream. */
export const afterEvents = (state: AccountState, events: readonly AccountEvent[]): AccountState =>
  events.reduce((next, event) => evolve(next, event, next.revision + 1n), state)

/** Folds events as a page or a whole stream brings them. @throws UnreadableEvent */
export const foldAccount = (events: Iterable<RecordedEvent>, from: AccountState = EMPTY_ACCOUNT): AccountState => {
  let state = from
  for (const recorded of events) state = evolve(state, decodeAccountEvent(recorded), recorded.revision)
  return state
}

const withAttempts = (state: AccountState, event: TransactionEvent, revision: bigint): AccountState => ({
  ...state,
  ...evolveAttempts(state, event, revision),
})

const evolveTransaction = (
  before: AccountState,
  event: Exclude<TransactionEvent, { type: 'TransactionsFinalized' }>,
  revision: bigint,
): AccountState => {
  const state = withAttempts(before, event, revision)
  if (event.type === 'TransactionLandedLate') return { ...state, late: rememberLate(state.late, event.data.signature) }
  if (event.type !== 'TransactionFailed' && event.type !== 'TransactionExpired') return state
  return closeSettled(endAttempt(state, event), event.data.ref)
}

/** An attempt without a fill or credit counts on its order or deposit. */
const endAttempt = (state: AccountState, event: Extract<OrderChange, { type: `Transaction${string}` }>): AccountState => {
  const { ref } = event.data
  const orderId = state.orders.get(Number(ref))?.orderId
  if (orderId !== undefined) return changeOrder(state, orderId, event)
  if (isPayoutRef(ref)) return countPayoutAttempt(state, ref)
  const deposit = depositOf(state, ref)
  return deposit ? evolveDeposit(state, deposit.depositId, { attempts: deposit.attempts + 1 }) : state
}
