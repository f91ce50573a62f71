import { type Control, evolveControl } from '../../events/controls.ts'
import { decodeEvent } from '../../events/decode.ts'
import { controlStream } from '../../events/scope.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { type Asking, type Decided, decideOnStream, readFold, type StreamDeps, type StreamFold } from '../reference/decide-on-stream.ts'
import { type ControlAnswer, type ControlCommand, decideControl } from './decide.ts'

/** Tightens or loosens a scope's control; durable, and on its way to every process, when it answers. */
export const changeControl = async (
  deps: StreamDeps,
  command: ControlCommand,
  asking: Omit<Asking, 'actor'>,
): Promise<Decided<Control | undefined, ControlAnswer>> => {
  const stream = { stream: controlStream(command.scope), from: NEVER_SET, fold: foldControl }
  const from = await readControl(deps, command.scope)
  if (!from) return { kind: 'unavailable' }
  const decide = (control: Control | undefined) => decideControl(control, command)
  return decideOnStream<Control | undefined, ControlAnswer>(deps, { ...asking, actor: command.actor }, { ...stream, from, decide })
}

/** The scope's control as its stream has it now; undefined when it can't be read. */
export const readControl = (deps: Pick<StreamDeps, 'store'>, scope: string): Promise<StreamFold<Control | undefined> | undefined> =>
  readFold(deps, { stream: controlStream(scope), from: NEVER_SET, fold: foldControl })

const NEVER_SET: StreamFold<Control | undefined> = { state: undefined, revision: -1n, position: 0n }

/** @throws UnreadableEvent */
const foldControl = (before: Control | undefined, recorded: RecordedEvent): Control | undefined => {
  const event = decodeEvent(recorded)
  const setBy = { streamId: recorded.streamId, revision: recorded.revision.toString() }
  return event.type === 'ControlSet' || event.type === 'ControlResumeRequested' || event.type === 'ControlResumed'
    ? evolveControl(before, event, setBy)
    : before
}
