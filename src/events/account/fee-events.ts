import { z } from 'zod'
import { At, Compensation, Units } from '../fields.ts'
import { TradingFee } from '../trading-fee.ts'

/** The account's tier of every fee schedule from now on; orders that were accepted before keep theirs. */
export const LedgerFeeTierSet = z.object({ tier: z.number().int().nonnegative(), by: z.string(), at: At })

/** The trading fee of one trade, taken from what it brought in, in the append that books the trade. */
export const LedgerFeeCharged = z.object({
  execId: z.string(),
  orderId: z.string(),
  asset: z.string(),
  /** Base units, positive: the rate of what was received, rounded down. */
  amount: Units,
  /** In force when the order was accepted. */
  fee: TradingFee,
  at: At,
})

/** A busted trade gives back what it was charged, to the unit, in the append that busts it. */
export const LedgerFeeReversed = z.object({
  execId: z.string(),
  /** The trade that had been charged. */
  execRefId: z.string(),
  orderId: z.string(),
  asset: z.string(),
  amount: Units,
  compensates: Compensation,
  at: At,
})
