import type { AccountEvent } from './account/account-event.ts'
import type { Costs } from './account/transaction-events.ts'
import type { Amount } from './fields.ts'

/**
 * Accounts of the double-entry ledger: settled funds are available + reserved; `transit` holds what one account has sent and the other
 * not booked yet (zero over all accounts at rest); `external` is the chain's other side; `house` pays the platform's costs and earns the trading fees.
 */
export type LedgerAccount = 'available' | 'reserved' | 'transit' | 'external' | 'house'

/** What an entry is for: the costs of a transaction are entries of their own. `failed_fee`: all that a failed transaction cost. */
export type EntryKind =
  | 'reservation'
  | 'trade'
  | 'trading_fee'
  | 'surplus'
  | 'deposit'
  | 'withdrawal'
  | 'transfer'
  | 'base_fee'
  | 'priority_fee'
  | 'tip'
  | 'rent'
  | 'failed_fee'
  | 'correction'

export interface Posting {
  readonly account: LedgerAccount
  readonly kind: EntryKind
  readonly asset: string
  /** Base units, signed. */
  readonly amount: bigint
}

/** Network fees and rent are paid in SOL by the platform's fee payer. */
const FEE_ASSET = 'SOL'

/** The ledger entries of an event; for each asset they add up to zero. */
export const postingsOf = (event: AccountEvent): readonly Posting[] => {
  switch (event.type) {
    case 'OrderAccepted':
    case 'OrderReplaced':
    case 'OrderReleased':
      return move('reservation', 'available', 'reserved', event.data.reserved)
    case 'OrderCanceled':
    case 'OrderExpired':
      return move('reservation', 'reserved', 'available', event.data.released)
    case 'TradeBooked': {
      const { side, base, quote, lastQty, lastQuote, released } = event.data
      const paid = side === 'buy' ? { asset: quote, amount: lastQuote } : { asset: base, amount: lastQty }
      const got = side === 'buy' ? { asset: base, amount: lastQty } : { asset: quote, amount: lastQuote }
      return [
        ...move('trade', 'reserved', 'external', paid),
        ...move('trade', 'external', 'available', got),
        ...move('reservation', 'reserved', 'available', released),
      ]
    }
    case 'TradeCanceled': {
      const { side, base, quote, busted, reserved } = event.data
      const paid = side === 'buy' ? { asset: quote, amount: busted.quote } : { asset: base, amount: busted.qty }
      const got = side === 'buy' ? { asset: base, amount: busted.qty } : { asset: quote, amount: busted.quote }
      return [
        ...move('trade', 'external', 'available', paid),
        ...move('trade', 'available', 'external', got),
        ...move('reservation', 'available', 'reserved', reserved),
      ]
    }
    case 'TradeOverfilled': {
      const { side, base, quote, lastQty, lastQuote } = event.data
      const [inside, outside] = [
        { asset: base, amount: lastQty },
        { asset: quote, amount: lastQuote },
      ]
      // nothing was held for it
      return side === 'buy'
        ? [...move('trade', 'available', 'external', outside), ...move('trade', 'external', 'available', inside)]
        : [...move('trade', 'available', 'external', inside), ...move('trade', 'external', 'available', outside)]
    }
    case 'FundsCredited':
      return move('deposit', 'external', 'available', event.data)
    case 'FundsDepositReversed':
      return move('deposit', 'available', 'external', event.data)
    case 'FundsSurplusCredited':
      return move('surplus', 'external', 'available', event.data.surplus)
    case 'FundsWithdrawalRequested':
    case 'FundsTransferRequested':
      return move('reservation', 'available', 'reserved', event.data)
    case 'FundsWithdrawalCanceled':
    case 'FundsWithdrawalFailed':
    case 'FundsTransferReturned':
      return move('reservation', 'reserved', 'available', event.data.released)
    case 'FundsWithdrawalSent':
      return move('withdrawal', 'reserved', 'external', event.data)
    case 'FundsWithdrawalLate':
      return move('withdrawal', 'available', 'external', event.data)
    case 'FundsWithdrawalReversed':
      return move('withdrawal', 'external', 'reserved', event.data)
    case 'FundsTransferSent':
      return move('transfer', 'reserved', 'transit', event.data)
    case 'FundsTransferRecalled':
      return move('transfer', 'transit', 'reserved', event.data)
    case 'FundsTransferReceived':
      return move('transfer', 'transit', 'available', event.data)
    case 'LedgerFeeCharged':
      return move('trading_fee', 'available', 'house', event.data)
    case 'LedgerFeeReversed':
      return move('trading_fee', 'house', 'available', event.data)
    case 'TransactionLanded':
    case 'TransactionLandedLate':
      return costEntries(event.data, 'house', 'external')
    case 'TransactionFailed':
      return move('failed_fee', 'house', 'external', sol(event.data.fee))
    case 'TransactionVanished': {
      const { returned } = event.data
      if (returned === null) return []
      return returned.outcome === 'failed'
        ? move('failed_fee', 'external', 'house', sol(returned.fee))
        : costEntries(returned, 'external', 'house')
    }
    case 'LedgerCorrected':
      return move('correction', 'house', 'available', event.data)
    case 'LedgerFeeTierSet':
    case 'LedgerDivergenceFound':
    case 'LedgerDivergenceResolved':
    case 'LedgerCorrectionRequested':
    case 'LedgerCorrectionRejected':
    case 'LimitsSet':
    case 'AllotmentReceived':
    case 'AllotmentReturned':
    case 'AlgoStarted':
    case 'AlgoPaused':
    case 'AlgoResumed':
    case 'AlgoCancelRequested':
    case 'AlgoSliceSkipped':
    case 'AlgoEnded':
    case 'AccountOpened':
    case 'WalletAssigned':
    case 'ReadModelRepaired':
    case 'FundsDepositRequested':
    case 'FundsArrived':
    case 'FundsDepositFailed':
    case 'FundsWithdrawalConfirmed':
    case 'FundsWithdrawalCancelRequested':
    case 'FundsTransferCompleted':
    case 'OrderRejected':
    case 'OrderTriggered':
    case 'OrderTrailed':
    case 'DeadManArmed':
    case 'DeadManDisarmed':
    case 'DeadManFired':
    case 'OrderCancelRequested':
    case 'OrderCancelRejected':
    case 'OrderReplaceRequested':
    // what is reserved stays reserved, for another order
    case 'OrderReservationMoved':
    case 'OrderReplaceRejected':
    case 'TransactionSigned':
    case 'TransactionExpired':
    case 'TransactionOutcomeUnknown':
    case 'TransactionsFinalized':
      return []
    default:
      return event satisfies never
  }
}

const costEntries = (costs: Costs, from: LedgerAccount, to: LedgerAccount): readonly Posting[] => [
  ...move('base_fee', from, to, sol((BigInt(costs.fee) - BigInt(costs.priorityFee)).toString())),
  ...move('priority_fee', from, to, sol(costs.priorityFee)),
  ...move('tip', from, to, sol(costs.tip)),
  ...move('rent', from, to, sol(costs.rent)),
]

const sol = (lamports: string): Amount => ({ asset: FEE_ASSET, amount: lamports })

const move = (kind: EntryKind, from: LedgerAccount, to: LedgerAccount, { asset, amount }: Amount): readonly Posting[] => {
  const units = BigInt(amount)
  return units === 0n
    ? []
    : [
        { account: from, kind, asset, amount: -units },
        { account: to, kind, asset, amount: units },
      ]
}
