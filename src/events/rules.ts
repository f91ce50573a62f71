import { type ControlBook, createControlBook, type WritableControlBook } from './controls.ts'
import { type DomainEvent, decodeEvent } from './decode.ts'
import { createFeeBook, type FeeBook } from './fee-book.ts'
import type { SetBy } from './fields.ts'
import { followReference, type ReferenceDeps } from './follow-reference.ts'
import { createFreshness, type Freshness } from './freshness.ts'
import { createLimitBook, type LimitBook } from './limit-book.ts'
import type { ControlState } from './reference/control-events.ts'
import type { Instrument, InstrumentStatus } from './reference/reference-event.ts'
import { instrumentScope, scopeOfControl, scopeOfStanding, strategyScope } from './scope.ts'
import type { RecordedEvent } from './store/event-store.ts'
import { createStrategyBook, type Strategy, type StrategyBook } from './strategies.ts'

/** The rules in force, kept current by following their streams: what every decision is held against, in memory. */
export interface Rules {
  readonly controls: ControlBook
  readonly limits: LimitBook
  readonly fees: FeeBook
  readonly strategies: StrategyBook
  readonly freshness: Freshness
  /** Everything up to this commit position has been applied. */
  position(): bigint
}

/** Reads all rules, then follows them until the signal aborts. One subscription, so that one tick proves all of them fresh. */
export const followRules = async (deps: ReferenceDeps): Promise<Rules> => {
  const controls = createControlBook()
  const limits = createLimitBook()
  const fees = createFeeBook()
  const strategies = createStrategyBook()
  const freshness = createFreshness(deps)
  const apply = (recorded: RecordedEvent): void => {
    const setBy = { streamId: recorded.streamId, revision: recorded.revision.toString() }
    try {
      put(decodeEvent(recorded), setBy)
    } catch (error) {
      const scope = scopeOfControl(recorded.streamId) ?? scopeOfStanding(recorded.streamId)
      if (scope !== undefined) controls.distrust(scope, setBy)
      throw error
    }
  }
  const put = (event: DomainEvent, setBy: SetBy): void => {
    switch (event.type) {
      case 'ControlSet':
      case 'ControlResumeRequested':
      case 'ControlResumed':
        controls.apply(event, setBy)
        break
      case 'LimitSet':
        limits.apply(event, setBy)
        break
      case 'InstrumentDefined':
        standInstrument(controls, event.data, setBy)
        break
      case 'StrategyDefined':
      case 'StrategyStateSet':
        standStrategy(controls, strategies.apply(event, setBy))
        break
      case 'FeeScheduleDefined':
        fees.apply(event.data, setBy)
        break
      default:
    }
  }
  await followReference(deps, '^(?:control|limit|instrument|strategy)-', apply, freshness.seen)
  return { controls, limits, fees, strategies, freshness, position: freshness.position }
}

const CONTROL_OF: Readonly<Record<InstrumentStatus, ControlState>> = {
  trading: 'ACTIVE',
  reduce_only: 'REDUCING',
  halted: 'HALTED',
  delisted: 'HALTED',
}

/** The status of an instrument counts like a control of it. */
const standInstrument = (controls: WritableControlBook, { symbol, status }: Instrument, setBy: SetBy): void =>
  controls.stand(instrumentScope(symbol), CONTROL_OF[status], { rule: 'instrument_status', value: status }, setBy)

/** A strategy that is not Live takes exits of its own position: what it holds can always be closed. */
const standStrategy = (controls: WritableControlBook, strategy: Strategy | undefined): void => {
  if (!strategy) return
  const { strategyId, state, setBy } = strategy
  controls.stand(strategyScope(strategyId), state === 'Live' ? 'ACTIVE' : 'REDUCING', { rule: 'strategy_state', value: state }, setBy)
}
