import type { EffectiveControl } from '../../events/controls.ts'
import type { PriceCitation } from '../../events/fields.ts'
import type { SetRules } from '../../events/limit-book.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import type { OrderRequest } from '../order/order-request.ts'
import { type Exhausted, exhaustedBreach, type Need, needsOf } from './allotments.ts'
import { type Breach, controlBreach } from './control-check.ts'
import { isExit } from './exits.ts'
import { type Counted, countOrder } from './measure.ts'
import { openOrdersBreach } from './open-orders.ts'
import type { Subject } from './risk-state.ts'
import { orderRulesBreach, ownRulesBreach, type Weighed } from './rule-breach.ts'
import { ofStrategy } from './signing-block.ts'

/** An order to be placed, and what is in force for it. */
export interface Proposed {
  readonly request: OrderRequest
  readonly instrument: Instrument
  readonly control?: EffectiveControl
  /** The mid price that an unpriced order reserves by. */
  readonly reference: PriceCitation | undefined
  /** The mid price, where a fresh one is known. */
  readonly mark?: PriceCitation
  /** Limits of wider scopes that the order is in. */
  readonly limits?: readonly SetRules[]
  /** Wider limits that gave no share. */
  readonly exhausted?: readonly Exhausted[]
}

/**
 * What the rules in force have against a new order; `holds` is its worst-case input, base units of the spent asset. The order of the
 * checks is part of the contract: duplicates come before (place-order.ts), then control, limits, funds at mid, route.
 */
export const riskBreach = (state: Subject, proposed: Proposed, holds: bigint, at: number): Breach | undefined => {
  const { request, instrument, control } = proposed
  const { side, symbol, strategyId } = request
  // a leg that waits for another of its list closes what is not there yet: its signature is held against the position of then
  const reduceOnly = request.reduceOnly && (request.list?.waitsFor ?? null) === null
  const most = request.orderQty ?? (side === 'sell' ? holds : null)
  const exits = (of: string | null): boolean =>
    isExit(state, { number: 0, symbol, side, most, baseDecimals: instrument.base.decimals, strategyId: of })
  const breach = controlBreach(control, (scope) => exits(ofStrategy(scope, strategyId)))
  if (breach) return breach
  const overdrawn = state.balances.findKey(({ available }) => available < 0n)
  if (overdrawn !== undefined && !exits(null))
    return {
      code: 'halted',
      text: `available ${overdrawn} is negative: exits only`,
      why: { rule: 'negative_available', value: 'REDUCING' },
    }
  if (reduceOnly && !exits(null))
    return { code: 'limit_breached', text: 'the order would not only reduce the position', why: { rule: 'reduce_only' } }
  return openOrdersBreach(state.openOrders) ?? limitsBreach(state, proposed, exits, at)
}

/** The limits in force: the account's, its strategy's, and what wider scopes say of a single order. */
const limitsBreach = (state: Subject, proposed: Proposed, exits: (of: string | null) => boolean, at: number): Breach | undefined => {
  const { request, limits = [] } = proposed
  const { strategyId } = request
  const own = state.risk.limits.get('')
  const ofStrategy = strategyId === null ? undefined : state.risk.limits.get(strategyId)
  if (!own && !ofStrategy && limits.length === 0) return undefined
  const weigh = (exit: boolean): Weighed => ({
    order: counted(proposed),
    price: request.price ?? request.stopPrice,
    mark: proposed.mark ?? proposed.reference,
    exit,
    at,
  })
  return (
    (own && ownRulesBreach(state, own, {}, weigh(exits(null)))) ??
    (ofStrategy && strategyId !== null ? ownRulesBreach(state, ofStrategy, { strategyId }, weigh(exits(strategyId))) : undefined) ??
    limits.reduce<Breach | undefined>((found, set) => found ?? orderRulesBreach(set, weigh(false)), undefined)
  )
}

/** What wider limits have against the order: shares that are missing, or that could not be had. Asked last: only an order that passes takes a share. */
export const shareBreach = (state: Subject, proposed: Proposed, at: number): Breach | readonly Need[] => {
  const { limits, exhausted = [] } = proposed
  if (!limits || limits.length === 0) return NO_NEEDS
  const needs = needsOf(state, limits, counted(proposed), at)
  return exhaustedBreach(exhausted, needs) ?? needs
}

const NO_NEEDS: readonly Need[] = []

const counted = ({ request, instrument, reference, mark }: Proposed): Counted =>
  countOrder({
    side: request.side,
    strategyId: request.strategyId,
    symbol: request.symbol,
    quote: instrument.quote.asset,
    baseDecimals: instrument.base.decimals,
    quoteDecimals: instrument.quote.decimals,
    qty: request.orderQty,
    cash: request.cashOrderQty,
    price: request.price ?? request.stopPrice ?? (reference ?? mark)?.price ?? null,
  })
