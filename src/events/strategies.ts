import type { SetBy } from './fields.ts'
import type { ReferenceEvent } from './reference/reference-event.ts'
import type { StrategyState } from './reference/strategy-events.ts'

export type StrategyEvent = Extract<ReferenceEvent, { type: `Strategy${string}` }>

/** A strategy as its stream tells it. */
export interface Strategy {
  readonly strategyId: string
  readonly state: StrategyState
  readonly version: number
  readonly config: Readonly<Record<string, unknown>>
  readonly configHash: string
  /** Who brought it to its state, and when. */
  readonly by: string
  readonly at: number
  readonly setBy: SetBy
}

/** The strategy after one event of its stream. */
export const evolveStrategy = (before: Strategy | undefined, event: StrategyEvent, setBy: SetBy): Strategy | undefined => {
  switch (event.type) {
    case 'StrategyDefined':
      return { ...event.data, state: 'Draft', setBy }
    case 'StrategyStateSet': {
      const { state, by, at } = event.data
      return before && { ...before, state, by, at, setBy }
    }
    default:
      return event satisfies never
  }
}

/** All strategies, in memory. */
export interface StrategyBook {
  of(strategyId: string): Strategy | undefined
  all(): readonly Strategy[]
}

export const createStrategyBook = (): StrategyBook & { apply(event: StrategyEvent, setBy: SetBy): Strategy | undefined } => {
  const strategies = new Map<string, Strategy>()
  return {
    of: (strategyId) => strategies.get(strategyId),
    all: () => [...strategies.values()],
    apply: (event, setBy) => {
      const next = evolveStrategy(strategies.get(event.data.strategyId), event, setBy)
      if (next) strategies.set(next.strategyId, next)
      return next
    },
  }
}
