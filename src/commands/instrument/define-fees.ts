import { isDeepStrictEqual } from 'node:util'
import type { FeeSchedule } from '../../events/fee-book.ts'
import { type Asking, type Decided, decideOnStream, readFold, type StreamDecision, type StreamDeps } from '../reference/decide-on-stream.ts'
import { type InstrumentState, instrumentFold } from './instrument-fold.ts'

export interface FeeCommand {
  readonly symbol: string
  readonly tiers: FeeSchedule['tiers']
  readonly actor: string
  readonly time: number
}

/** A new version of the instrument's fee schedule; the one in force again appends nothing. Undefined: there is no such instrument. */
export const decideFees = (
  { defined, schedule }: InstrumentState,
  { symbol, tiers, actor, time }: FeeCommand,
): StreamDecision<'defined' | 'unknown'> => {
  if (!defined) return { events: [], answer: 'unknown' }
  if (schedule && isDeepStrictEqual(schedule.tiers, tiers)) return { events: [], answer: 'defined' }
  const data = { symbol, version: (schedule?.version ?? 0) + 1, tiers, by: actor, at: Math.max(time, schedule?.at ?? 0) }
  return { events: [{ type: 'FeeScheduleDefined', data }], answer: 'defined' }
}

/** Defines a fee schedule; durable, and on its way to every process, when it answers. */
export const defineFees = async (
  deps: StreamDeps,
  command: FeeCommand,
  asking: Omit<Asking, 'actor'>,
): Promise<Decided<InstrumentState, 'defined' | 'unknown'>> => {
  const stream = instrumentFold(command.symbol)
  const from = await readFold(deps, stream)
  if (!from) return { kind: 'unavailable' }
  return decideOnStream(deps, { ...asking, actor: command.actor }, { ...stream, from, decide: (state) => decideFees(state, command) })
}
