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

/**
 * Native SOL came to the wallet unasked, seen finalised. It is a deposit from now on and a credit when it lies wrapped in the token
 * account, where a trader's SOL lies.
 */
export const FundsArrived = z.object({
  depositId: z.string(),
  asset: z.string(),
  mint: z.string(),
  amount: Units,
  decimals: z.number().int(),
  /** Of the transfer; the wallet itself stands for the token account. */
  signature: z.string(),
  tokenAccount: z.string(),
  slot: z.number().int().nonnegative(),
  at: At,
})

/** Booked from the observed change of the token account, once per (signature, token account). */
export const FundsCredited = z.object({
  depositId: z.string(),
  asset: z.string(),
  amount: Units,
  signature: z.string(),
  tokenAccount: z.string(),
  /** Of a transfer that nobody had asked for, seen finalised; absent for a deposit that was requested. */
  slot: z.number().int().nonnegative().optional(),
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
