import type { AccountEvent } from '../../events/account/account-event.ts'
import type { AccountFact } from '../projection.ts'
import { orderNumberOf } from './orders.ts'

/** The row that may be opened for what begins with this event. */
export const futureTroubleOf = (event: AccountFact['event']): string | undefined => {
  switch (event.type) {
    case 'OrderAccepted':
      return `o-${event.data.number}`
    case 'TransactionSigned':
      return `u-${event.data.ref}.${event.data.attempt}`
    case 'LedgerDivergenceFound':
      return `v-${event.data.divergenceId}`
    case 'LedgerCorrectionRequested':
      return `k-${event.data.correctionId}`
    case 'FundsDepositRequested':
      return `d-${event.data.depositId}`
    default:
      return undefined
  }
}

/** The row that an event may open or settle. */
export const troubleOf = (fact: AccountFact): string | undefined => {
  const event = fact.event as AccountEvent
  switch (event.type) {
    case 'TransactionOutcomeUnknown':
    case 'TransactionLanded':
    case 'TransactionLandedLate':
    case 'TransactionFailed':
    case 'TransactionExpired':
      return `u-${event.data.ref}.${event.data.attempt}`
    case 'LedgerDivergenceResolved':
      return `v-${event.data.divergenceId}`
    case 'LedgerCorrected':
    case 'LedgerCorrectionRejected':
      return `k-${event.data.correctionId}`
    case 'FundsWithdrawalSent':
    case 'FundsWithdrawalCanceled':
    case 'FundsWithdrawalFailed':
      return `w-${event.data.withdrawalId}`
    case 'FundsTransferSent':
    case 'FundsTransferReturned':
    case 'FundsTransferCompleted':
    case 'FundsTransferRecalled':
      return `t-${event.data.transferId}`
    case 'FundsCredited':
    case 'FundsDepositFailed':
      return `d-${event.data.depositId}`
    case 'OrderCanceled':
    case 'OrderExpired':
    case 'TradeCanceled':
    case 'TradeBooked':
      return `o-${orderNumberOf(fact)}`
    default:
      return undefined
  }
}

export const depositOf = (ref: string): string | undefined => (ref.startsWith('d-') ? ref.slice(2) : undefined)

export const isPayoutRef = (ref: string): boolean => ref.startsWith('w-') || ref.startsWith('t-')

export const isOrderNumber = (ref: string): boolean => /^[1-9]\d{0,14}$/.test(ref)
