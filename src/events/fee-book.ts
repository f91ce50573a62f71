import type { SetBy } from './fields.ts'
import type { ReferenceEvent } from './reference/reference-event.ts'
import type { TradingFee } from './trading-fee.ts'

type Defined = Extract<ReferenceEvent, { type: 'FeeScheduleDefined' }>['data']

/** A schedule in force and the event that defined it. */
export type FeeSchedule = Defined & { readonly setBy: SetBy }

/** The fee schedules in force, in memory. */
export interface FeeBook {
  /** The fee of an account's trades; undefined where no schedule was ever defined: none is charged. */
  of(symbol: string, tier: number): TradingFee | undefined
  schedule(symbol: string): FeeSchedule | undefined
  all(): readonly FeeSchedule[]
}

export const createFeeBook = (): FeeBook & { apply(data: Defined, setBy: SetBy): void } => {
  const schedules = new Map<string, FeeSchedule>()
  /** One object for each symbol and tier: most orders of a process share a few. */
  const fees = new Map<string, TradingFee>()
  return {
    of: (symbol, tier) => {
      const schedule = schedules.get(symbol)
      if (!schedule) return undefined
      const key = `${symbol} ${tier}`
      const known = fees.get(key)
      if (known) return known
      const fee = feeOf(schedule, tier)
      fees.set(key, fee)
      return fee
    },
    schedule: (symbol) => schedules.get(symbol),
    all: () => [...schedules.values()],
    apply: (data, setBy) => {
      schedules.set(data.symbol, { ...data, setBy })
      fees.clear()
    },
  }
}

const feeOf = ({ tiers, version, setBy }: FeeSchedule, tier: number): TradingFee => ({
  bps: tiers.reduce((bps, row) => (row.tier <= tier ? row.bps : bps), tiers[0]?.bps ?? 0),
  tier,
  schedule: { streamId: setBy.streamId, revision: Number(setBy.revision), version },
})
