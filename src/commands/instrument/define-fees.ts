import { type Asking, type Decided, decideOnStream, readFold, type StreamDeps } from '../reference/decide-on-stream.ts'
import { decideFees, type FeeCommand } from './decide-fees.ts'
import { type InstrumentState, instrumentFold } from './instrument-fold.ts'

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
