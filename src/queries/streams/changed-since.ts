import type { EventStore, RecordedEvent } from '../../events/store/event-store.ts'
import { accountStream } from '../../events/streams.ts'
import { keysOfEvent } from '../../projections/cache/told-keys.ts'
import { factOf, ofAccount } from '../../projections/projection.ts'

/** Events looked at to fill a gap, a few at first: most gaps are short, and a client further behind reads anew. */
const LOOKS = [32, 512, 4_096] as const

/** Documents of an account that changed after a position; undefined when too much has happened since. */
export const accountChangedSince = async (
  store: EventStore,
  accountId: string,
  after: bigint,
): Promise<ReadonlyMap<string, bigint> | undefined> => {
  for (const most of LOOKS) {
    const newest: RecordedEvent[] = []
    for await (const event of store.readBackwards(accountStream(accountId), most)) newest.push(event)
    const missed = newest.filter(({ position }) => position.commit > after)
    if (missed.length < newest.length || newest.length < most) return keysOf(missed.reverse())
  }
  return undefined
}

/** The same for all accounts. */
export const allChangedSince = async (store: EventStore, after: bigint): Promise<ReadonlyMap<string, bigint> | undefined> => {
  const most = LOOKS.at(-1)!
  const missed: RecordedEvent[] = []
  for await (const event of store.readAll(after > 0n ? { commit: after, prepare: after } : undefined, most)) missed.push(event)
  return missed.length === most ? undefined : keysOf(missed)
}

/** Telling more than has changed is harmless. */
const keysOf = (events: readonly RecordedEvent[]): ReadonlyMap<string, bigint> => {
  const keys = new Map<string, bigint>()
  for (const event of events) for (const key of keysOfOne(event)) keys.set(key, event.position.commit)
  return keys
}

const keysOfOne = (event: RecordedEvent): readonly string[] => {
  try {
    const fact = factOf(event)
    return ofAccount(fact) ? keysOfEvent(fact) : []
  } catch {
    // one that can't be read has stopped its stream: it has changed nothing
    return []
  }
}
