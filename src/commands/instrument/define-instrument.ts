import { type Asking, type Decided, decideOnStream, readFold, type StreamDeps } from '../reference/decide-on-stream.ts'
import { decideInstrument, type InstrumentAnswer, type InstrumentCommand } from './decide-instrument.ts'
import { type InstrumentState, instrumentFold } from './instrument-fold.ts'

/** Defines a version of an instrument; durable, and on its way to every process, when it answers. */
export const defineInstrument = async (
  deps: StreamDeps,
  command: InstrumentCommand,
  asking: Asking,
): Promise<Decided<InstrumentState, InstrumentAnswer>> => {
  const stream = instrumentFold(command.symbol)
  const from = await readFold(deps, stream)
  if (!from) return { kind: 'unavailable' }
  return decideOnStream(deps, asking, { ...stream, from, decide: (state) => decideInstrument(state, command) })
}
