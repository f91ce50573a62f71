import type { SetRules } from '../../events/limit-book.ts'
import type { OrderState } from '../order/order-state.ts'
import { type Exhausted, exhaustedBreach, missingBreach, type Need, needsBetween } from './allotments.ts'
import type { Breach } from './control-check.ts'
import { isExit, mostBaseUnder } from './exits.ts'
import { countedOrder, countedWhole, type Filter, usage } from './measure.ts'
import type { Subject } from './risk-state.ts'
import { additiveBreach, collarBreach, lossBreach, notionalBreach, type Weighed } from './rule-breach.ts'

/** An order under its terms of now, and as a replace would have it. */
export interface Repriced {
  readonly before: OrderState
  readonly next: OrderState
}

/**
 * What the rules in force have against new terms of an order: the account's limits, its strategy's, and what wider scopes say of a
 * single order. Only what grows is held against them, so a replace that reduces passes although a limit was lowered meanwhile.
 */
export const replaceBreach = (state: Subject, repriced: Repriced, wider: readonly SetRules[] = [], at: number): Breach | undefined => {
  const { before, next } = repriced
  if (!grows(repriced)) return undefined
  const [now, then] = [withOrder(state, before), withOrder(state, next)]
  const whole = countedWhole(next)
  const isLarger = whole.notional > countedWhole(before).notional
  const exits = (strategyId: string | null): boolean =>
    isExit(state, {
      number: next.number,
      symbol: next.instrument.symbol,
      side: next.side,
      most: mostBaseUnder(next),
      baseDecimals: next.instrument.baseDecimals,
      strategyId,
    })
  const own = ownSets(state, next).reduce<Breach | undefined>(
    (found, { set, filter }) =>
      found ??
      (isLarger ? notionalBreach(set, whole) : undefined) ??
      growthBreach([now, then], next, { set, filter }, at) ??
      lossBreach(state, set, filter, { exit: exits(filter.strategyId ?? null), at }),
    undefined,
  )
  return own ?? (isLarger ? wider.reduce<Breach | undefined>((found, set) => found ?? notionalBreach(set, whole), undefined) : undefined)
}

/** The market's side of it, asked when the request arrives, as for a new order: what waits for an attempt's end is not asked again. */
export const repriceBreach = (
  state: Subject,
  repriced: Repriced,
  wider: readonly SetRules[] = [],
  mark: Weighed['mark'],
): Breach | undefined => {
  const { before, next } = repriced
  // a sell that asks for less is worth less, and can be given away all the same
  const undersells = next.side === 'sell' && next.price !== null && next.price !== before.price
  if (!undersells && !grows(repriced)) return undefined
  const price = next.price ?? next.stopPrice
  return [...ownSets(state, next).map(({ set }) => set), ...wider].reduce<Breach | undefined>(
    (found, set) => found ?? collarBreach(set, price, mark),
    undefined,
  )
}

/** The shares of wider limits that new terms need beyond what the account holds, or that could not be had. */
export const replaceNeeds = (
  state: Subject,
  { before, next }: Repriced,
  { limits = [], exhausted = [] }: { readonly limits?: readonly SetRules[]; readonly exhausted?: readonly Exhausted[] },
  at: number,
): Breach | readonly Need[] => {
  const needs = needsBetween(withOrder(state, before), withOrder(state, next), limits, at)
  return exhaustedBreach(exhausted, needs) ?? needs
}

/** For a replace that can't wait for a share: what is missing refuses it. */
export const heldShareBreach = (state: Subject, repriced: Repriced, limits: readonly SetRules[] = [], at: number): Breach | undefined => {
  const needs = replaceNeeds(state, repriced, { limits }, at)
  return 'why' in needs ? needs : missingBreach(limits, needs)
}

/** More may be traded, or at more money, than under the terms of now. */
const grows = ({ before, next }: Repriced): boolean => {
  const [was, is] = [countedOrder(before), countedOrder(next)]
  return is.qty > was.qty || is.notional > was.notional
}

/** A replace is no order of its own and counts for no rate; one that raises an order is refused where a new order would be one too many. */
const growthBreach = (
  [now, then]: readonly [Subject, Subject],
  next: OrderState,
  { set, filter }: OwnSet,
  at: number,
): Breach | undefined =>
  additiveBreach(set, (measure, name) => [
    usage(now, measure, name, filter, at),
    measure === 'ordersPerMinute' ? usage(now, measure, name, filter, at, countedOrder(next)) : usage(then, measure, name, filter, at),
  ])

interface OwnSet {
  readonly set: SetRules
  readonly filter: Filter
}

const ownSets = ({ risk }: Subject, { strategyId }: OrderState): readonly OwnSet[] => {
  const own = risk.limits.get('')
  const ofStrategy = strategyId === null ? undefined : risk.limits.get(strategyId)
  return [
    ...(own ? [{ set: own, filter: {} }] : []),
    ...(ofStrategy && strategyId !== null ? [{ set: ofStrategy, filter: { strategyId } }] : []),
  ]
}

const withOrder = (state: Subject, order: OrderState): Subject => ({ ...state, orders: state.orders.set(order.number, order) })
