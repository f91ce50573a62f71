import { Map as ImmutableMap } from 'immutable'
import type { SetRules } from '../../events/limit-book.ts'
import type { Balances } from '../ledger/balances.ts'
import type { OrderState } from '../order/order-state.ts'
import type { Attempts } from '../transaction/attempt-state.ts'
import type { Effect, Holding } from './holding.ts'

/** What limits and controls look at besides the orders and balances. */
export interface RiskState {
  /** By symbol for the account, by `<symbol>@<strategyId>` for each of its strategies. */
  readonly holdings: ImmutableMap<string, Holding>
  /** By execId, until its transaction is final: what each trade did to the holdings. */
  readonly effects: ImmutableMap<string, TradeEffect>
  /** Orders accepted in the last minute, by second, symbol and strategy. */
  readonly pace: readonly Pace[]
  /** The account's own limits under '', those of its strategies by their ids. */
  readonly limits: ImmutableMap<string, SetRules>
  /** Shares of wider limits, by scope and measure. */
  readonly shares: ImmutableMap<string, Share>
}

export interface Pace {
  readonly second: number
  readonly symbol: string
  readonly strategyId: string | null
  readonly count: number
}

/** All that was ever received and given back of a share, at 12 decimals. */
export interface Share {
  readonly received: bigint
  readonly returned: bigint
}

export const shareKey = (scope: string, key: string): string => `${scope}|${key}`

export interface TradeEffect {
  readonly account: Effect
  /** On the holding of the order's strategy. */
  readonly strategy: { readonly strategyId: string; readonly effect: Effect } | null
}

export const NO_RISK: RiskState = {
  holdings: ImmutableMap(),
  effects: ImmutableMap(),
  pace: [],
  limits: ImmutableMap(),
  shares: ImmutableMap(),
}

export const holdingKey = (symbol: string, strategyId: string | null): string => (strategyId === null ? symbol : `${symbol}@${strategyId}`)

/** What the rules look at of an account's fold. */
export interface Subject extends Attempts {
  readonly balances: Balances
  readonly accountId: string | undefined
  readonly risk: RiskState
  readonly orders: ImmutableMap<number, OrderState>
  readonly openOrders: number
}
