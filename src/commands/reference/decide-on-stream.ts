import type { EventMetadata } from '../../events/metadata.ts'
import type { EventStore, NewEvent, Position, RecordedEvent } from '../../events/store/event-store.ts'
import { SCHEMA_VERSION } from '../../events/upcast.ts'
import type { Clock } from '../../platform/clock.ts'
import { derivedUuid, type Ids } from '../../platform/ids.ts'

export interface StreamDeps {
  readonly store: EventStore
  readonly clock: Clock
  readonly ids: Ids
}

/** Who decides, and under which id. */
export interface Asking {
  readonly commandId: string
  readonly correlationId: string
  readonly actor: string
}

export interface StreamDecision<Answer> {
  readonly events: readonly { readonly type: string; readonly data: unknown }[]
  readonly answer: Answer
}

/** A reference stream's fold, and where in the log it stands. */
export interface StreamFold<State> {
  readonly state: State
  readonly revision: bigint
  /** Commit position of its last event; 0 for none. */
  readonly position: bigint
}

export type Decided<State, Answer> =
  | { readonly kind: 'decided'; readonly answer: Answer; readonly fold: StreamFold<State> }
  /** The store did not answer: what was appended, if anything, is seen by whoever reads the stream next. */
  | { readonly kind: 'unavailable' }

export interface StreamDecider<State, Answer> {
  readonly stream: string
  /** Where to start folding: the empty state, or one folded before. */
  readonly from: StreamFold<State>
  readonly fold: (state: State, event: RecordedEvent) => State
  readonly decide: (state: State) => StreamDecision<Answer>
}

/** Conflicts and appends without an answer before the caller is told to come again. */
const MAX_ROUNDS = 50
const APPEND_TIMEOUT_MS = 2_000
const PAUSE_MS = 20

/**
 * Decides on a stream's newest fold and appends at exactly the revision decided on; a conflict is decided anew on the delta.
 * An append without an answer is asked again with the same ids and revision, so that it is never written twice.
 */
export const decideOnStream = async <State, Answer>(
  deps: StreamDeps,
  asking: Asking,
  { stream, from, fold, decide }: StreamDecider<State, Answer>,
): Promise<Decided<State, Answer>> => {
  const { store, clock } = deps
  const origin = deps.ids.uuid()
  let known = from
  // a decision to append proves its fold by the append; one to append nothing needs the newest
  let newest = false
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { events, answer } = decide(known.state)
    if (events.length === 0 && newest) return { kind: 'decided', answer, fold: known }
    if (events.length > 0) {
      const fresh = newEvents(events, asking, [origin, stream], known.revision, clock.now())
      const outcome = await store.append(stream, known.revision < 0n ? 'no_stream' : known.revision, fresh, APPEND_TIMEOUT_MS)
      if (outcome.kind === 'unknown') {
        await clock.sleep(PAUSE_MS)
        continue
      }
      if (outcome.kind === 'appended')
        return {
          kind: 'decided',
          answer,
          fold: foldOn(known, recordedAs(fresh, stream, known.revision, outcome.position, clock.now()), fold),
        }
    }
    const ours = events.length > 0 ? idOf(origin, stream, known.revision + BigInt(events.length)) : undefined
    const delta = await readFrom(store, stream, known.revision + 1n)
    if (!delta) return { kind: 'unavailable' }
    known = foldOn(known, delta, fold)
    newest = true
    // an earlier try without an answer had been written after all
    if (ours !== undefined && delta.some(({ id }) => id === ours)) return { kind: 'decided', answer, fold: known }
  }
  return { kind: 'unavailable' }
}

/** The stream's fold as it is now; undefined when it can't be read. */
export const readFold = async <State>(
  { store }: Pick<StreamDeps, 'store'>,
  { stream, from, fold }: Omit<StreamDecider<State, unknown>, 'decide'>,
): Promise<StreamFold<State> | undefined> => {
  const delta = await readFrom(store, stream, from.revision + 1n)
  return delta && foldOn(from, delta, fold)
}

const readFrom = async (store: EventStore, stream: string, from: bigint): Promise<readonly RecordedEvent[] | undefined> => {
  const events: RecordedEvent[] = []
  try {
    for await (const event of store.readStream(stream, from)) events.push(event)
    return events
  } catch {
    return undefined
  }
}

const foldOn = <State>(
  from: StreamFold<State>,
  events: readonly RecordedEvent[],
  fold: (state: State, event: RecordedEvent) => State,
): StreamFold<State> =>
  events.reduce<StreamFold<State>>(
    (known, event) => ({ state: fold(known.state, event), revision: event.revision, position: event.position.commit }),
    from,
  )

const idOf = (origin: string, stream: string, revision: bigint): string => derivedUuid(`${origin}/${stream}/${revision}`)

const newEvents = (
  events: StreamDecision<unknown>['events'],
  { commandId, correlationId, actor }: Asking,
  [origin, stream]: readonly [string, string],
  revision: bigint,
  now: number,
): readonly NewEvent[] => {
  const metadata: EventMetadata = {
    $correlationId: correlationId,
    $causationId: correlationId,
    commandId,
    actor,
    schema: SCHEMA_VERSION,
    clock: now,
  }
  return events.map(({ type, data }, index) => ({ id: idOf(origin, stream, revision + 1n + BigInt(index)), type, data, metadata }))
}

/** What was just appended, as a reader will find it. */
const recordedAs = (
  events: readonly NewEvent[],
  streamId: string,
  revision: bigint,
  position: Position,
  created: number,
): readonly RecordedEvent[] =>
  events.map((event, index) => ({ ...event, streamId, revision: revision + 1n + BigInt(index), created, position }))
