import { z } from 'zod'

/** The part of a trade's proceeds that is charged, and the event of the schedule that says so. */
export const TradingFee = z.object({
  bps: z.number().int().nonnegative(),
  /** The account's, when the order was accepted. */
  tier: z.number().int().nonnegative(),
  schedule: z.object({
    streamId: z.string(),
    revision: z.number().int().nonnegative(),
    version: z.number().int().positive(),
  }),
})
export type TradingFee = z.infer<typeof TradingFee>

/** 100 % in basis points. */
const WHOLE_BPS = 10_000n

/** What is charged on received base units: rounded down, so never more than the rate. */
export const feeOn = (received: bigint, fee: TradingFee | null): bigint => (fee === null ? 0n : (received * BigInt(fee.bps)) / WHOLE_BPS)
