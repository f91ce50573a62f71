import { isDeepStrictEqual } from 'node:util'
import type { FeeSchedule } from '../../events/fee-book.ts'
import type { StreamDecision } from '../reference/decide-on-stream.ts'
import type { InstrumentState } from './instrument-fold.ts'

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
