import type { AppendOutcome, ExpectedRevision, NewEvent, RecordedEvent } from '../../events/store/event-store.ts'

/** The log of a simulated deployment: what the event store keeps, with EventStoreDB's rules for appends. Synchronous: its port adds time and faults. */
export interface MemoryLog {
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[], created: number): AppendOutcome
  /** What can be read of a stream: all of it, or its newest events where a maximum is set. */
  stream(name: string): readonly RecordedEvent[]
  /** Every event ever written, in the order of `$all`. */
  readonly all: readonly RecordedEvent[]
  setMaxCount(stream: string, count: number): void
  /** Called after each append that wrote something. */
  onAppend(listener: (events: readonly RecordedEvent[]) => void): void
}

/** Distance of two commit positions: they are no dense numbers in a real log either. */
const POSITION_STEP = 128n

export const createMemoryLog = (): MemoryLog => {
  const streams = new Map<string, RecordedEvent[]>()
  const all: RecordedEvent[] = []
  const ids = new Map<string, RecordedEvent>()
  const most = new Map<string, number>()
  const listeners: ((events: readonly RecordedEvent[]) => void)[] = []

  const write = (stream: string, events: readonly NewEvent[], created: number): RecordedEvent[] => {
    const there = streams.get(stream) ?? []
    streams.set(stream, there)
    return events.map((event) => {
      const commit = BigInt(all.length + 1) * POSITION_STEP
      // what is written is JSON: a bigint or an undefined member must fail or vanish here as it does on the wire
      const { data, metadata } = JSON.parse(JSON.stringify({ data: event.data, metadata: event.metadata })) as NewEvent
      const recorded: RecordedEvent = {
        streamId: stream,
        revision: BigInt(there.length),
        id: event.id,
        type: event.type,
        data,
        metadata,
        created,
        position: { commit, prepare: commit },
      }
      there.push(recorded)
      all.push(recorded)
      ids.set(`${stream}/${event.id}`, recorded)
      return recorded
    })
  }

  const append = (stream: string, expected: ExpectedRevision, events: readonly NewEvent[], created: number): AppendOutcome => {
    const there = streams.get(stream) ?? []
    const current = BigInt(there.length) - 1n
    const written = alreadyThere(there, expected, events, (id) => ids.get(`${stream}/${id}`))
    if (written) return { kind: 'appended', revision: written.revision, position: written.position }
    const wanted = expected === 'any' ? current : expected === 'no_stream' ? -1n : expected
    if (wanted !== current) return { kind: 'conflict', actual: current < 0n ? undefined : current }
    const recorded = write(stream, events, created)
    for (const listener of listeners) listener(recorded)
    const last = recorded.at(-1)!
    return { kind: 'appended', revision: last.revision, position: last.position }
  }

  return {
    append,
    stream: (name) => {
      const events = streams.get(name) ?? []
      const count = most.get(name)
      return count === undefined ? events : events.slice(-count)
    },
    all,
    setMaxCount: (stream, count) => {
      most.set(stream, count)
    },
    onAppend: (listener) => {
      listeners.push(listener)
    },
  }
}

/** The last event of an earlier write of exactly these events at exactly this place: a retry is answered like the first time. */
const alreadyThere = (
  there: readonly RecordedEvent[],
  expected: ExpectedRevision,
  events: readonly NewEvent[],
  find: (id: string) => RecordedEvent | undefined,
): RecordedEvent | undefined => {
  if (events.length === 0) return undefined
  if (expected === 'any') return events.every(({ id }) => find(id)) ? find(events.at(-1)!.id) : undefined
  const first = expected === 'no_stream' ? 0 : Number(expected) + 1
  return events.every(({ id }, i) => there[first + i]?.id === id) ? there[first + events.length - 1] : undefined
}
