import type { Map as ImmutableMap } from 'immutable'
import { isTerminal } from '../../events/fields.ts'
import { PLAIN } from '../../events/order-terms.ts'
import type { OrderRequest } from '../order/order-request.ts'
import type { OrderState } from '../order/order-state.ts'
import { type AlgoState, sliceClOrdId } from './algo-state.ts'

/** What an algo does next: the process manager asks for it, and the account decides nothing else. */
export type AlgoStep =
  /** A slice of it is still open, or it is paused: an event of the account comes first. */
  | { readonly kind: 'none' }
  | { readonly kind: 'slice'; readonly at: number; readonly request: OrderRequest }
  | { readonly kind: 'skip'; readonly at: number; readonly slice: number }
  | { readonly kind: 'end'; readonly status: 'Completed' | 'Canceled' | 'Failed'; readonly text: string | null }

/** Pure: the same fold gives the same step, so a step that was taken twice is seen to be the same one. `at` is when it is due, ms. */
export const nextStep = (algo: AlgoState, orders: ImmutableMap<number, OrderState>, isUsed: (clOrdId: string) => boolean): AlgoStep => {
  if (openSlices(algo, orders).length > 0) return { kind: 'none' }
  if (algo.status === 'Canceling') return { kind: 'end', status: 'Canceled', text: algo.text }
  const left = algo.quantity - algo.executed
  if (left < algo.lotSize) return { kind: 'end', status: 'Completed', text: null }
  // somebody placed an order of their own under the id that the next slice must have
  if (isUsed(sliceClOrdId(algo.algoId, algo.next))) return { kind: 'end', status: 'Failed', text: 'DUPLICATE_CL_ORD_ID' }
  return algo.plan.kind === 'iceberg' ? icebergStep(algo, left, algo.plan.displayQty) : twapStep(algo, algo.plan)
}

/**
 * The last one as a rule. An earlier one is open again when a fork has taken its trade back: it can still execute, so its quantity is not free
 * to go along with the next.
 */
export const openSlices = ({ algoId }: AlgoState, orders: ImmutableMap<number, OrderState>): readonly OrderState[] =>
  [...orders.values()].filter((order) => order.algo?.algoId === algoId && !isTerminal(order.ordStatus))

const icebergStep = (algo: AlgoState, left: bigint, displayQty: string): AlgoStep => {
  // what ended a slice (a cancel, an expiry, a refusal) was meant for the whole of it, as far as its owner can see
  if (algo.childEnd !== null) return { kind: 'end', status: algo.childEnd === 'Canceled' ? 'Canceled' : 'Failed', text: algo.childEnd }
  if (algo.status === 'Paused') return { kind: 'none' }
  const shown = BigInt(displayQty)
  return { kind: 'slice', at: algo.startedAt, request: sliceRequest(algo, shown < left ? shown : left) }
}

const twapStep = (algo: AlgoState, { slices, intervalMs }: { readonly slices: number; readonly intervalMs: number }): AlgoStep => {
  if (algo.next >= slices) return { kind: 'end', status: 'Completed', text: 'PARTLY_EXECUTED' }
  if (algo.status === 'Paused') return { kind: 'none' }
  const at = algo.startedAt + algo.next * intervalMs + algo.pausedMs
  // what earlier slices left over goes along; what is finer than a lot waits for the last one
  const due = (algo.quantity * BigInt(algo.next + 1)) / BigInt(slices) - algo.executed
  const quantity = due - (due % algo.lotSize)
  return quantity < algo.lotSize ? { kind: 'skip', at, slice: algo.next } : { kind: 'slice', at, request: sliceRequest(algo, quantity) }
}

/** A slice of a TWAP takes what the market gives at its time; one of an iceberg rests until it is taken. */
const sliceRequest = (algo: AlgoState, quantity: bigint): OrderRequest => ({
  ...PLAIN,
  clOrdId: sliceClOrdId(algo.algoId, algo.next),
  symbol: algo.instrument.symbol,
  side: algo.side,
  type: algo.price === null ? 'market' : 'limit',
  timeInForce: algo.plan.kind === 'iceberg' ? 'gtc' : 'ioc',
  orderQty: quantity,
  cashOrderQty: null,
  price: algo.price,
  maxSlippageBps: algo.maxSlippageBps,
  strategyId: algo.strategyId,
  algo: { algoId: algo.algoId, slice: algo.next },
})
