import type { InstrumentBook } from '../../events/instruments.ts'
import type { Rules } from '../../events/rules.ts'
import type { StreamDeps } from '../reference/decide-on-stream.ts'

/** What routes over reference streams work with: instruments, fee schedules, strategies. */
export interface ReferencePorts extends StreamDeps {
  readonly instruments: InstrumentBook
  readonly rules?: Rules | undefined
}
