import type { AccountEvent } from '../../events/account/account-event.ts'
import { isOverdrawn } from '../ledger/balances.ts'
import { endOrder } from '../order/cancel.ts'
import { hasOpenAttempt } from '../transaction/attempt-state.ts'
import type { Decision } from './command.ts'
import { afterEvents } from './evolve.ts'
import type { AccountState } from './state.ts'

/** Text of a resting order whose funds were needed for what a fork took back. */
export const NEGATIVE_AVAILABLE = 'NEGATIVE_AVAILABLE'

/**
 * A reversal is never refused, so available may be negative after it: the newest resting orders that hold the same asset are cancelled
 * in the same append until it is not. What is being executed is left alone: its bytes can't be taken back.
 */
export const coverDeficit = (state: AccountState, decision: Decision, at: number): Decision => {
  if (!decision.events.some(({ type }) => MAY_LEAVE_DEFICIT.has(type))) return decision
  let next = afterEvents(state, decision.events)
  const cancels: AccountEvent[] = []
  for (const order of [...next.orders.values()].sort((a, b) => b.number - a.number)) {
    const { asset, amount } = order.reserved
    if (amount === 0n || !isOverdrawn(next.balances, asset) || hasOpenAttempt(next, String(order.number))) continue
    const canceled = endOrder(order, NEGATIVE_AVAILABLE, at)
    cancels.push(canceled)
    next = afterEvents(next, [canceled])
  }
  return cancels.length === 0 ? decision : { ...decision, events: [...decision.events, ...cancels] }
}

/**
 * Events that take from available without asking whether it is there, and the ends of attempts that did nothing: what they were for rests
 * again, and can be cancelled now.
 */
const MAY_LEAVE_DEFICIT: ReadonlySet<AccountEvent['type']> = new Set([
  'TradeCanceled',
  'FundsDepositReversed',
  'FundsSurplusCredited',
  'TradeBooked',
  'TradeOverfilled',
  'FundsWithdrawalLate',
  'LedgerCorrected',
  'TransactionFailed',
  'TransactionExpired',
])
