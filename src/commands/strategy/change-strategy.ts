import { decodeEvent } from '../../events/decode.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { evolveStrategy, type Strategy } from '../../events/strategies.ts'
import { strategyStream } from '../../events/streams.ts'
import { type Asking, type Decided, decideOnStream, readFold, type StreamDeps, type StreamFold } from '../reference/decide-on-stream.ts'
import { decideStrategy, type StrategyAnswer, type StrategyCommand } from './decide.ts'

/** Defines, starts, pauses or stops a strategy; durable, and on its way to every process, when it answers. */
export const changeStrategy = async (
  deps: StreamDeps,
  command: StrategyCommand,
  asking: Omit<Asking, 'actor'>,
): Promise<Decided<Strategy | undefined, StrategyAnswer>> => {
  const stream = { stream: strategyStream(command.strategyId), from: UNDEFINED, fold }
  const from = await readFold(deps, stream)
  if (!from) return { kind: 'unavailable' }
  const decide = (strategy: Strategy | undefined) => decideStrategy(strategy, command)
  return decideOnStream<Strategy | undefined, StrategyAnswer>(deps, { ...asking, actor: command.actor }, { ...stream, from, decide })
}

const UNDEFINED: StreamFold<Strategy | undefined> = { state: undefined, revision: -1n, position: 0n }

/** @throws UnreadableEvent */
const fold = (before: Strategy | undefined, recorded: RecordedEvent): Strategy | undefined => {
  const event = decodeEvent(recorded)
  const setBy = { streamId: recorded.streamId, revision: recorded.revision.toString() }
  return event.type === 'StrategyDefined' || event.type === 'StrategyStateSet' ? evolveStrategy(before, event, setBy) : before
}
