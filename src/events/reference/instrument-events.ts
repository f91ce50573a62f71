import { z } from 'zod'

export const Asset = z.object({ asset: z.string(), mint: z.string(), decimals: z.number().int().min(0).max(12) })
export type Asset = z.infer<typeof Asset>

/** trading: everything; reduce_only: only what makes a position smaller; halted, delisted: no new order and no new signature. */
export const INSTRUMENT_STATUSES = ['trading', 'reduce_only', 'halted', 'delisted'] as const
export type InstrumentStatus = (typeof INSTRUMENT_STATUSES)[number]

/** One version of an instrument; the newest is in force for new orders, an order keeps the one it was accepted under. */
export const InstrumentDefined = z.object({
  symbol: z.string(),
  version: z.number().int().positive(),
  base: Asset,
  quote: Asset,
  /** Price and quantity steps as canonical decimals. */
  tickSize: z.string(),
  lotSize: z.string(),
  status: z.enum(INSTRUMENT_STATUSES),
})
export type Instrument = z.infer<typeof InstrumentDefined>
