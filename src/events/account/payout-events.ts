import { z } from 'zod'
import { Amount, At, Compensation, Units } from '../fields.ts'

const Withdrawal = { withdrawalId: z.string() }
const Transfer = { transferId: z.string() }
const Asked = { asset: z.string(), mint: z.string(), decimals: z.number().int(), amount: Units }
const Moved = { asset: z.string(), amount: Units, signature: z.string(), attempt: z.number().int().positive() }

/** Funds that are final are reserved for leaving the platform. Nothing is signed before the second step. */
export const FundsWithdrawalRequested = z.object({
  ...Withdrawal,
  ...Asked,
  /** The owner (base58) whose token account is paid. */
  destination: z.string(),
  at: At,
})

/** The second step: settlement may sign. */
export const FundsWithdrawalConfirmed = z.object({ ...Withdrawal, at: At })

/** A cancel that must wait for the open attempt's outcome. */
export const FundsWithdrawalCancelRequested = z.object({ ...Withdrawal, at: At })

/** Ended at the trader's request; what was reserved is available again. */
export const FundsWithdrawalCanceled = z.object({ ...Withdrawal, released: Amount, at: At })

/** Left the wallet, as its token account shows. */
export const FundsWithdrawalSent = z.object({ ...Withdrawal, ...Moved, at: At })

/** Will never leave: what was reserved is available again. */
export const FundsWithdrawalFailed = z.object({ ...Withdrawal, reason: z.string(), released: Amount, compensates: Compensation, at: At })

/** The transaction that had sent it vanished: the funds are here and reserved again, the attempt is open again. */
export const FundsWithdrawalReversed = z.object({ ...Withdrawal, ...Moved, compensates: Compensation, at: At })

/** Funds that are final are reserved for another account of the platform. */
export const FundsTransferRequested = z.object({ ...Transfer, ...Asked, to: z.string(), at: At })

/** Left the sender's wallet: in transit until the receiving account has booked it. */
export const FundsTransferSent = z.object({ ...Transfer, ...Moved, to: z.string(), at: At })

/** The transaction that had sent it vanished: back in the sender's reservation, the attempt is open again. */
export const FundsTransferRecalled = z.object({ ...Transfer, ...Moved, to: z.string(), compensates: Compensation, at: At })

/** Will never be sent: back to available. Nothing had reached the receiver. */
export const FundsTransferReturned = z.object({
  ...Transfer,
  to: z.string(),
  reason: z.string(),
  released: Amount,
  compensates: Compensation,
  at: At,
})

/** In the receiver's stream, once for each (sender, transferId), after the sender's transaction became final. */
export const FundsTransferReceived = z.object({
  ...Transfer,
  from: z.string(),
  asset: z.string(),
  amount: Units,
  signature: z.string(),
  at: At,
})

/** In the sender's stream: the receiver has booked it, nothing is in transit any more. */
export const FundsTransferCompleted = z.object({ ...Transfer, to: z.string(), at: At })
