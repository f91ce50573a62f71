import type { AccountEvent } from '../events/account/account-event.ts'

/** Tells of each event of an account, in order, whether it belongs to one order: its own, its transactions', its trades'. */
export const orderStory = ({ orderId, number }: { readonly orderId: string; readonly number: number }) => {
  const ref = String(number)
  let instrument: { readonly symbol: string; readonly version: number } | undefined

  const belongs = (event: AccountEvent): boolean => {
    switch (event.type) {
      case 'OrderAccepted':
      case 'OrderRejected':
        if (event.data.orderId === orderId) instrument = event.data.instrument
        return event.data.orderId === orderId
      case 'OrderTriggered':
      case 'OrderTrailed':
      case 'OrderCancelRequested':
      case 'OrderCancelRejected':
      case 'OrderReplaceRequested':
      case 'OrderReplaced':
      case 'OrderReleased':
      case 'OrderReservationMoved':
      case 'OrderReplaceRejected':
      case 'OrderCanceled':
      case 'OrderExpired':
      case 'TradeBooked':
      case 'TradeCanceled':
      case 'LedgerFeeCharged':
      case 'LedgerFeeReversed':
      case 'TradeOverfilled':
      case 'FundsSurplusCredited':
        return event.data.orderId === orderId
      case 'TransactionSigned':
      case 'TransactionLanded':
      case 'TransactionLandedLate':
      case 'TransactionFailed':
      case 'TransactionExpired':
      case 'TransactionOutcomeUnknown':
      case 'TransactionVanished':
        return event.data.ref === ref
      case 'TransactionsFinalized':
        return event.data.transactions.some((transaction) => transaction.ref === ref)
      case 'AccountOpened':
      case 'WalletAssigned':
      case 'ReadModelRepaired':
      case 'FundsDepositRequested':
      case 'FundsArrived':
      case 'FundsCredited':
      case 'FundsDepositFailed':
      case 'FundsDepositReversed':
      case 'LedgerFeeTierSet':
      case 'LedgerDivergenceFound':
      case 'LedgerDivergenceResolved':
      case 'LedgerCorrectionRequested':
      case 'LedgerCorrected':
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
      case 'DeadManArmed':
      case 'DeadManDisarmed':
      case 'DeadManFired':
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
        return false
      default:
        return event satisfies never
    }
  }
  return { belongs, instrument: () => instrument }
}
