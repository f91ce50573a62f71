import { z } from 'zod'
import { Amount, At, Compensation, Units } from '../fields.ts'

/** First event of every account stream. */
export const AccountOpened = z.object({ accountId: z.string(), at: At })

/** The account's wallet, derived from the master seed by settlement, which alone can sign. */
export const WalletAssigned = z.object({ publicKey: z.string(), path: z.string(), at: At })

export const FundsDepositRequested = z.object({
  depositId: z.string(),
  asset: z.string(),
  mint: z.string(),
  amount: Units,
  decimals: z.number().int(),
  at: At,
})

/** Booked from the observed change of the token account, once per (signature, token account). */
export const FundsCredited = z.object({
  depositId: z.string(),
  asset: z.string(),
  amount: Units,
  signature: z.string(),
  tokenAccount: z.string(),
  at: At,
})

/** The deposit will never arrive. Nothing had been credited. */
export const FundsDepositFailed = z.object({ depositId: z.string(), reason: z.string(), compensates: Compensation, at: At })

/** A credited deposit's transaction vanished from the chain. */
export const FundsDepositReversed = z.object({
  depositId: z.string(),
  asset: z.string(),
  amount: Units,
  signature: z.string(),
  compensates: Compensation,
  at: At,
})

/** More came out of a swap than the order asked for: the trader's money, but no fill. */
export const FundsSurplusCredited = z.object({ orderId: z.string(), execId: z.string(), surplus: Amount, at: At })
