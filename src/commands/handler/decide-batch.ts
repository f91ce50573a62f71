import type { EventMetadata } from '../../events/metadata.ts'
import type { Rules } from '../../events/rules.ts'
import type { NewEvent } from '../../events/store/event-store.ts'
import { SCHEMA_VERSION } from '../../events/upcast.ts'
import { derivedUuid } from '../../platform/ids.ts'
import type { AccountCommand, Answer, CommandContext } from '../account/command.ts'
import { decide } from '../account/decide.ts'
import { afterEvents } from '../account/evolve.ts'
import type { AccountState } from '../account/state.ts'
import { briefed } from './brief.ts'

export interface Asked {
  readonly command: AccountCommand
  readonly context: CommandContext
}

/** Commands decided together on one fold: their events go out in one append, their answers once it is durable. */
export interface Batch<T extends Asked> {
  readonly decided: readonly { readonly asked: T; readonly answer: Answer }[]
  /** Commands whose decision threw: a bug, which must not take the others with it. */
  readonly broken: readonly { readonly asked: T; readonly error: unknown }[]
  readonly events: readonly NewEvent[]
  /** The fold with the events; it holds once they are appended at exactly the revision decided on. */
  readonly state: AccountState
  /** How many of the commands, from the first, this batch took. */
  readonly taken: number
  /** Whether the answers hold although nothing is appended: only what can't change by events this process has not seen. */
  readonly conclusive: boolean
}

/** Limits of one append: the server takes 1 MiB of data, and a batch must not hold the event loop (a decision costs about 40 µs). */
export const BATCH_MAX_EVENTS = 500
const MAX_BYTES = 512 * 1024
const MAX_COMMANDS = 250

/** Decides from the head of the queue as much as one append may carry. */
export const decideBatch = <T extends Asked>(origin: Origin, from: AccountState, queue: readonly T[]): Batch<T> => {
  const decided: { asked: T; answer: Answer }[] = []
  const broken: { asked: T; error: unknown }[] = []
  const events: NewEvent[] = []
  let state = from
  let bytes = 0
  let taken = 0
  let conclusive = true
  for (const asked of queue) {
    if (taken >= MAX_COMMANDS) break
    try {
      const decision = decide(state, briefed(origin.rules, state, asked.command), asked.context.time)
      const fresh = newEvents(origin, state.revision + 1n, decision.events, asked.context)
      const more = fresh.reduce((sum, each) => sum + each.bytes, 0)
      if (events.length > 0 && (events.length + fresh.length > BATCH_MAX_EVENTS || bytes + more > MAX_BYTES)) break
      state = afterEvents(state, decision.events)
      bytes += more
      events.push(...fresh.map((each) => each.event))
      decided.push({ asked, answer: decision.answer })
      conclusive &&= isConclusive(decision.answer)
    } catch (error) {
      broken.push({ asked, error })
    }
    taken++
  }
  return { decided, broken, events, state, taken, conclusive }
}

/** A repetition stays one whatever else happens, and a rate limit need not be exact; every other eventless answer may be out of date. */
const isConclusive = (answer: Answer): boolean =>
  answer.kind === 'repeated' ||
  (answer.kind === 'account' && !answer.first) ||
  (answer.kind === 'refused' && answer.refusal.code === 'rate_limited')

/** Who appends: what event ids are derived from besides the revision and the command. */
interface Origin {
  /** This handler's own name. Another process that decides the same command at the same revision must get a conflict, not our success. */
  readonly handlerId: string
  readonly stream: string
  readonly clock: number
  /** What is in force in this process; undefined where nothing is followed. */
  readonly rules?: Rules | undefined
}

/** Ids are derived from handler, stream, the event's own revision and command: a retry of this append is idempotent, nothing else is. */
const newEvents = (
  origin: Origin,
  first: bigint,
  events: readonly { readonly type: string; readonly data: unknown }[],
  context: CommandContext,
): { readonly event: NewEvent; readonly bytes: number }[] => {
  if (events.length === 0) return []
  const metadata: EventMetadata = {
    $correlationId: context.correlationId,
    $causationId: context.causationId,
    commandId: context.commandId,
    actor: context.actor,
    schema: SCHEMA_VERSION,
    clock: origin.clock,
    ...(context.traceparent === undefined ? {} : { traceparent: context.traceparent }),
  }
  const name = `${origin.handlerId}/${origin.stream}/${context.commandId}`
  return events.map(({ type, data }, index) => ({
    event: { id: derivedUuid(`${name}/${first + BigInt(index)}`), type, data, metadata },
    bytes: JSON.stringify(data).length + METADATA_BYTES,
  }))
}

/** Metadata of an event, roughly; it counts toward the batch but not toward the server's limit. */
const METADATA_BYTES = 350
