import { decodeEvent } from '../../events/decode.ts'
import type { FeeSchedule } from '../../events/fee-book.ts'
import type { SetBy } from '../../events/fields.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { instrumentStream } from '../../events/streams.ts'
import type { StreamFold } from '../reference/decide-on-stream.ts'

/** The stream of an instrument: its newest version, and the fee schedule of its trades. */
export interface InstrumentState {
  readonly defined: { readonly instrument: Instrument; readonly setBy: SetBy } | undefined
  readonly schedule: FeeSchedule | undefined
}

/** Where the stream of an instrument is, and how it is folded. */
export const instrumentFold = (symbol: string) => ({ stream: instrumentStream(symbol), from: UNDEFINED, fold })

const UNDEFINED: StreamFold<InstrumentState> = { state: { defined: undefined, schedule: undefined }, revision: -1n, position: 0n }

/** @throws UnreadableEvent */
const fold = (state: InstrumentState, recorded: RecordedEvent): InstrumentState => {
  const event = decodeEvent(recorded)
  const setBy = { streamId: recorded.streamId, revision: recorded.revision.toString() }
  switch (event.type) {
    case 'InstrumentDefined':
      return { ...state, defined: { instrument: event.data, setBy } }
    case 'FeeScheduleDefined':
      return { ...state, schedule: { ...event.data, setBy } }
    default:
      return state
  }
}
