import { formatUnits } from '../platform/decimal.ts'
import type { AlgoPlan } from './account/algo-events.ts'
import type { Side } from './fields.ts'

/** An algo's values from which both sides of the system build the same answer. */
export interface AlgoFacts {
  readonly algoId: string
  readonly accountId: string
  readonly symbol: string
  readonly side: Side
  readonly status: 'Running' | 'Paused' | 'Canceling' | 'Completed' | 'Canceled' | 'Failed'
  /** Base units. */
  readonly quantity: bigint
  readonly executed: bigint
  readonly price: string | null
  readonly maxSlippageBps: number
  readonly strategyId: string | null
  readonly plan: AlgoPlan
  /** Slices placed, refused or skipped so far. */
  readonly slicesDone: number
  readonly text: string | null
  readonly startedAt: number
  readonly baseDecimals: number
  readonly position: string
}

/** The algo as HTTP answers it. Its slices are orders of their own, with algoId and slice. */
export const algoDocument = (a: AlgoFacts) => ({
  algoId: a.algoId,
  accountId: a.accountId,
  kind: a.plan.kind,
  symbol: a.symbol,
  side: a.side,
  status: a.status,
  quantity: formatUnits(a.quantity, a.baseDecimals),
  executedQty: formatUnits(a.executed, a.baseDecimals),
  ...(a.price !== null ? { price: a.price } : {}),
  maxSlippageBps: a.maxSlippageBps,
  ...(a.strategyId !== null ? { strategyId: a.strategyId } : {}),
  ...(a.plan.kind === 'twap'
    ? { slices: a.plan.slices, intervalMs: a.plan.intervalMs }
    : { displayQuantity: formatUnits(BigInt(a.plan.displayQty), a.baseDecimals) }),
  slicesDone: a.slicesDone,
  ...(a.text !== null ? { text: a.text } : {}),
  startedAt: new Date(a.startedAt).toISOString(),
  position: a.position,
})
