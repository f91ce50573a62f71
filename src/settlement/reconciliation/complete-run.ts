import { decideOnStream, type StreamDeps, type StreamFold } from '../../commands/reference/decide-on-stream.ts'
import { decodeEvent } from '../../events/decode.ts'
import type { ReferenceEvent } from '../../events/reference/reference-event.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { RECONCILIATION_STREAM } from '../../events/streams.ts'

export type Run = Extract<ReferenceEvent, { type: 'ReconciliationCompleted' }>['data']

/** Newest window by group that has its run. */
type Windows = ReadonlyMap<number, number>

/** Every group has a run in each window, and there are few groups: whoever is not among these has none of late. */
const LOOKED_BACK = 64

/** Puts a run on record, once for each group and window, whoever completes it. False: it was there, or the store does not answer. */
export const completeRun = async (deps: StreamDeps, run: Run): Promise<boolean> => {
  const from = await newestWindows(deps)
  const decided = await decideOnStream<Windows, 'recorded' | 'known'>(
    deps,
    { commandId: run.runId, correlationId: run.runId, actor: 'settlement' },
    {
      stream: RECONCILIATION_STREAM,
      from,
      fold,
      decide: (windows) =>
        (windows.get(run.group) ?? -1) >= run.window
          ? { events: [], answer: 'known' }
          : { events: [{ type: 'ReconciliationCompleted', data: run }], answer: 'recorded' },
    },
  )
  return decided.kind === 'decided' && decided.answer === 'recorded'
}

const newestWindows = async ({ store }: StreamDeps): Promise<StreamFold<Windows>> => {
  const newest: RecordedEvent[] = []
  for await (const recorded of store.readBackwards(RECONCILIATION_STREAM, LOOKED_BACK)) newest.push(recorded)
  const [last] = newest
  if (!last) return { state: new Map(), revision: -1n, position: 0n }
  const state = newest.reduceRight<Windows>(fold, new Map())
  return { state, revision: last.revision, position: last.position.commit }
}

const fold = (windows: Windows, recorded: RecordedEvent): Windows => {
  const event = decodeEvent(recorded)
  if (event.type !== 'ReconciliationCompleted') return windows
  return new Map([...windows, [event.data.group, Math.max(event.data.window, windows.get(event.data.group) ?? -1)]])
}
