import type { EffectiveControl } from '../../events/controls.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import type { OrderRequest } from '../order/order-request.ts'
import { type Breach, controlBreach } from './control-check.ts'
import { isExit } from './exits.ts'
import { openOrdersBreach } from './open-orders.ts'
import type { Subject } from './risk-state.ts'
import { ofStrategy } from './signing-block.ts'

/** An order to be placed, and what is in force for it. */
export interface Proposed {
  readonly request: OrderRequest
  readonly instrument: Instrument
  readonly control?: EffectiveControl
}

/**
 * What the rules in force have against a new order; `holds` is its worst-case input, base units of the spent asset. The order of the
 * checks is part of the contract: duplicates come before (place-order.ts), then control, limits, funds at mid, route.
 */
export const riskBreach = (state: Subject, { request, instrument, control }: Proposed, holds: bigint): Breach | undefined => {
  const { side, symbol, strategyId, reduceOnly } = request
  const most = request.orderQty ?? (side === 'sell' ? holds : null)
  const exits = (of: string | null): boolean =>
    isExit(state, { number: 0, symbol, side, most, baseDecimals: instrument.base.decimals, strategyId: of })
  const breach = controlBreach(control, () => exits(ofStrategy(control?.scope ?? '', strategyId)))
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
  return openOrdersBreach(state.openOrders)
}
