import { Map as ImmutableMap } from 'immutable'
import type { SetRules } from '../../events/limit-book.ts'
import type { Holding } from '../limits/holding.ts'
import type { Pace, RiskState, Share, TradeEffect } from '../limits/risk-state.ts'
import { tagged, untagged } from './tagged.ts'

/** What limits and controls look at, as entries: there are as many holdings as symbols and strategies traded. */
export interface PackedRisk {
  readonly holdings: readonly (readonly [string, unknown])[]
  readonly effects: readonly (readonly [string, unknown])[]
  readonly pace: readonly Pace[]
  readonly limits: readonly (readonly [string, SetRules])[]
  readonly shares: readonly (readonly [string, unknown])[]
}

export const encodeRisk = ({ holdings, effects, pace, limits, shares }: RiskState): PackedRisk => ({
  holdings: pack(holdings),
  effects: pack(effects),
  shares: pack(shares),
  pace,
  limits: [...limits],
})

export const decodeRisk = ({ holdings, effects, pace, limits, shares }: PackedRisk): RiskState => ({
  pace,
  limits: ImmutableMap(limits),
  shares: unpack<Share>(shares),
  holdings: unpack<Holding>(holdings),
  effects: unpack<TradeEffect>(effects),
})

const pack = (map: ImmutableMap<string, unknown>) => [...map].map(([key, value]) => [key, tagged(value)] as const)
const unpack = <Value>(entries: readonly (readonly [string, unknown])[]): ImmutableMap<string, Value> =>
  ImmutableMap(entries.map(([key, value]) => [key, untagged(value) as Value]))
