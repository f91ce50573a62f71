import type { AccountEvent } from '../../events/account/account-event.ts'
import { isTerminal } from '../../events/fields.ts'
import { isOverdrawn } from '../ledger/balances.ts'
import { cancelFor } from '../order/cancel.ts'
import { hasOpenAttempt } from '../transaction/attempt-state.ts'
import type { Decision } from './command.ts'
import { evolve } from './evolve.ts'
import type { AccountState } from './state.ts'

/** Text of a resting order whose funds were needed for what a fork took back. */
export const NEGATIVE_AVAILABLE = 'NEGATIVE_AVAILABLE'

/**
 * A reversal is never refused, so available may be negative after it: the newest resting orders that hold the same asset are cancelled
 * in the same append until it is not. What is being executed is left alone: its bytes can't be taken back.
 */
export const coverDeficit = (state: AccountState, decision: Decision, at: number): Decision => {
  if (!decision.events.some(({ type }) => MAY_OVERDRAW.has(type))) return decision
  let next = state
  for (const event of decision.events) next = evolve(next, event, next.revision + 1n)
  const cancels: AccountEvent[] = []
  for (const number of [...next.orders.keys()].sort((a, b) => b - a)) {
    const order = next.orders.get(number)
    if (!order || isTerminal(order.ordStatus) || !isOverdrawn(next.balances, order.reserved.asset)) continue
    if (order.reserved.amount === 0n || hasOpenAttempt(next, String(number))) continue
    const canceled = cancelFor(order, false, NEGATIVE_AVAILABLE, at)
    if (!canceled) continue
    cancels.push(canceled)
    next = evolve(next, canceled, next.revision + 1n)
  }
  return cancels.length === 0 ? decision : { ...decision, events: [...decision.events, ...cancels] }
}

/** Events that take from available without asking whether it is there. */
const MAY_OVERDRAW: ReadonlySet<AccountEvent['type']> = new Set([
  'TradeCanceled',
  'FundsDepositReversed',
  'FundsSurplusCredited',
  'TradeBooked',
  'TradeOverfilled',
  'FundsWithdrawalLate',
  'LedgerCorrected',
])
