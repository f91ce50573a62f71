import { ACCOUNT_EVENTS, type AccountEvent } from './account/account-event.ts'
import { REFERENCE_EVENTS, type ReferenceEvent } from './reference/reference-event.ts'
import type { RecordedEvent } from './store/event-store.ts'
import { SCHEMA_VERSION, upcast } from './upcast.ts'

export type DomainEvent = AccountEvent | ReferenceEvent

/** Thrown for an event this build cannot read: the stream stops with this error, nothing is guessed. */
export class UnreadableEvent extends Error {
  constructor(event: RecordedEvent, reason: string) {
    super(`event ${event.revision}@${event.streamId} (${event.type}): ${reason}`)
    this.name = 'UnreadableEvent'
  }
}

const SCHEMAS = { ...ACCOUNT_EVENTS, ...REFERENCE_EVENTS }

/** Turns a recorded event into a typed one: upcasts older schemas, refuses newer and unknown ones. @throws UnreadableEvent */
export const decodeEvent = (event: RecordedEvent): DomainEvent => {
  const schema = SCHEMAS[event.type as keyof typeof SCHEMAS]
  if (!schema) throw new UnreadableEvent(event, 'unknown type')
  const version = versionOf(event)
  if (version > SCHEMA_VERSION) throw new UnreadableEvent(event, `schema ${version} is newer than this build (${SCHEMA_VERSION})`)
  const parsed = schema.safeParse(version < SCHEMA_VERSION ? upcast(event.type, version, event.data) : event.data)
  if (!parsed.success) throw new UnreadableEvent(event, parsed.error.issues[0]?.message ?? 'malformed')
  return { type: event.type, data: parsed.data } as DomainEvent
}

/** @throws UnreadableEvent: without a version nothing can be known of the data */
const versionOf = (event: RecordedEvent): number => {
  const { schema } = event.metadata
  if (typeof schema === 'number' && Number.isInteger(schema) && schema >= 1) return schema
  throw new UnreadableEvent(event, 'no schema version')
}

/** decodeEvent for an account stream. @throws UnreadableEvent, also for a reference event */
export const decodeAccountEvent = (event: RecordedEvent): AccountEvent => {
  if (!(event.type in ACCOUNT_EVENTS)) throw new UnreadableEvent(event, 'not an event of an account')
  return decodeEvent(event) as AccountEvent
}
