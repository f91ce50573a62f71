import type { AccountEvent } from './account/account-event.ts'
import type { Amount } from './fields.ts'

/** Accounts of the double-entry ledger: settled funds are available + reserved; `external` is the chain's other side; `house` pays the platform's costs. */
export type LedgerAccount = 'available' | 'reserved' | 'external' | 'house'

export interface Posting {
  readonly account: LedgerAccount
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
      return move('available', 'reserved', event.data.reserved)
    case 'OrderCanceled':
    case 'OrderExpired':
      return move('reserved', 'available', event.data.released)
    case 'TradeBooked': {
      const { side, base, quote, lastQty, lastQuote, released } = event.data
      const paid = side === 'buy' ? { asset: quote, amount: lastQuote } : { asset: base, amount: lastQty }
      const got = side === 'buy' ? { asset: base, amount: lastQty } : { asset: quote, amount: lastQuote }
      return [...move('reserved', 'external', paid), ...move('external', 'available', got), ...move('reserved', 'available', released)]
    }
    case 'TradeCanceled': {
      const { side, base, quote, busted, reserved } = event.data
      const paid = side === 'buy' ? { asset: quote, amount: busted.quote } : { asset: base, amount: busted.qty }
      const got = side === 'buy' ? { asset: base, amount: busted.qty } : { asset: quote, amount: busted.quote }
      return [...move('external', 'available', paid), ...move('available', 'external', got), ...move('available', 'reserved', reserved)]
    }
    case 'FundsCredited':
      return move('external', 'available', event.data)
    case 'FundsDepositReversed':
      return move('available', 'external', event.data)
    case 'FundsSurplusCredited':
      return move('external', 'available', event.data.surplus)
    case 'TransactionLanded':
      return move('house', 'external', { asset: FEE_ASSET, amount: (BigInt(event.data.fee) + BigInt(event.data.rent)).toString() })
    case 'TransactionFailed':
      return move('house', 'external', { asset: FEE_ASSET, amount: event.data.fee })
    case 'AlgoStarted':
    case 'AlgoPaused':
    case 'AlgoResumed':
    case 'AlgoCancelRequested':
    case 'AlgoSliceSkipped':
    case 'AlgoEnded':
    case 'TransactionVanished':
    case 'AccountOpened':
    case 'WalletAssigned':
    case 'FundsDepositRequested':
    case 'FundsArrived':
    case 'FundsDepositFailed':
    case 'OrderRejected':
    case 'OrderTriggered':
    case 'OrderTrailed':
    case 'DeadManArmed':
    case 'DeadManDisarmed':
    case 'DeadManFired':
    case 'OrderCancelRequested':
    case 'TransactionSigned':
    case 'TransactionExpired':
    case 'TransactionOutcomeUnknown':
    case 'TransactionsFinalized':
      return []
    default:
      return event satisfies never
  }
}

const move = (from: LedgerAccount, to: LedgerAccount, { asset, amount }: Amount): readonly Posting[] => {
  const units = BigInt(amount)
  return units === 0n
    ? []
    : [
        { account: from, asset, amount: -units },
        { account: to, asset, amount: units },
      ]
}
