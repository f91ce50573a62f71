import { depositRef } from '../../commands/ledger/deposit.ts'
import { transferRef, withdrawalRef } from '../../commands/ledger/payout.ts'
import type { LateSubject } from '../../commands/transaction/late-subject.ts'
import { nonceAccountOf } from '../../commands/transaction/nonce-ref.ts'
import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import { decodeAccountEvent } from '../../events/decode.ts'
import type { EventStore } from '../../events/store/event-store.ts'
import { accountStream, parseOrderId } from '../../events/streams.ts'

/** A transaction that an account's log takes to be over without having executed anything. */
export interface LateStory {
  readonly signed: DataOf<'TransactionSigned'>
  /** Of its next landing. */
  readonly generation: number
  readonly subject: LateSubject
}

/**
 * What the account's log has of a signature that is on the chain, read from its newest event back. Undefined: nothing (it is not this
 * account's), or its execution is booked, or its attempt is open. The newest events answer for nearly all; only a late landing is read
 * back to its order.
 */
export const lateStory = async (store: EventStore, accountId: string, signature: string): Promise<LateStory | undefined> => {
  let expired = false
  let signed: DataOf<'TransactionSigned'> | undefined
  let landings = 0
  for await (const recorded of store.readBackwards(accountStream(accountId), MOST_EVENTS)) {
    const event = decodeAccountEvent(recorded)
    const about = 'signature' in event.data && event.data.signature === signature
    if (!signed && about) {
      switch (event.type) {
        case 'TransactionExpired':
          expired = true
          break
        case 'TransactionLanded':
        case 'TransactionFailed':
          // after an end that was proven there can be none but those before it
          if (!expired) return undefined
          landings++
          break
        case 'TransactionLandedLate':
        // the receiver's side of a transfer
        case 'FundsTransferReceived':
          return undefined
        case 'TransactionSigned':
          if (!expired) return undefined
          signed = event.data
          break
      }
    }
    const subject = signed && subjectOf(event, signed.ref)
    if (signed && subject) return { signed, subject, generation: landings + 1 }
    if (signed && nonceAccountOf(signed.ref) !== undefined) return { signed, subject: { kind: 'setup' }, generation: landings + 1 }
  }
  return undefined
}

/** An account with more has a log that nobody reads back for one signature. */
const MOST_EVENTS = 2_000_000

const subjectOf = (event: AccountEvent, ref: string): LateSubject | undefined => {
  switch (event.type) {
    case 'OrderAccepted': {
      const { orderId, clOrdId, side, strategyId, instrument } = event.data
      return String(parseOrderId(orderId)?.number) === ref ? { kind: 'order', orderId, clOrdId, side, strategyId, instrument } : undefined
    }
    case 'FundsDepositRequested':
    case 'FundsArrived': {
      const { depositId: id, asset, mint } = event.data
      return depositRef(id) === ref ? { kind: 'deposit', id, asset, mint } : undefined
    }
    case 'FundsWithdrawalRequested': {
      const { withdrawalId: id, asset, mint } = event.data
      return withdrawalRef(id) === ref ? { kind: 'withdrawal', id, asset, mint } : undefined
    }
    case 'FundsTransferRequested': {
      const { transferId: id, asset, mint } = event.data
      return transferRef(id) === ref ? { kind: 'transfer', id, asset, mint } : undefined
    }
    default:
      return undefined
  }
}

/** Signatures of the account's attempts that ended as expired and were not booked since: what a lying proof may have hidden. One read of its log. */
export const expiredSignatures = async (store: EventStore, accountId: string): Promise<readonly string[]> => {
  const expired = new Set<string>()
  for await (const recorded of store.readStream(accountStream(accountId))) {
    if (recorded.type !== 'TransactionExpired' && recorded.type !== 'TransactionLandedLate') continue
    const event = decodeAccountEvent(recorded)
    if (event.type === 'TransactionExpired') expired.add(event.data.signature)
    if (event.type === 'TransactionLandedLate') expired.delete(event.data.signature)
  }
  return [...expired]
}
