import type { RecordedEvent } from '../events/store/event-store.ts'

/** An event as the auditor reads it: as it was stored, but for secrets, which are null and named in `withheld`. */
export interface EventDocument {
  readonly streamId: string
  readonly revision: string
  readonly id: string
  readonly type: string
  /** Server time of the append, ISO 8601 in UTC. */
  readonly created: string
  readonly data: unknown
  readonly metadata: unknown
  readonly position: string
  readonly withheld?: readonly string[]
}

/** `openAttempt`: this event signed a transaction that has no outcome yet, so that its bytes must not leave the house. */
export const eventDocument = (event: RecordedEvent, openAttempt: boolean): EventDocument => {
  const secret = secretField(event, openAttempt)
  return {
    streamId: event.streamId,
    revision: event.revision.toString(),
    id: event.id,
    type: event.type,
    created: new Date(event.created).toISOString(),
    data: secret === undefined ? event.data : { ...(event.data as object), [secret]: null },
    metadata: event.metadata,
    position: event.position.commit.toString(),
    ...(secret === undefined ? {} : { withheld: [secret] }),
  }
}

const secretField = (event: RecordedEvent, openAttempt: boolean): string | undefined => {
  if (event.type === 'KeyCreated') return 'keyHash'
  return event.type === 'TransactionSigned' && openAttempt ? 'rawBytes' : undefined
}

/** Follows the signed transactions of one stream: which of them have no outcome among the events seen so far. */
export const trackAttempts = () => {
  const open = new Set<string>()
  return {
    see: (event: RecordedEvent): void => {
      const key = attemptKey(event)
      if (event.type === 'TransactionSigned') open.add(key)
      else if (OUTCOMES.has(event.type)) open.delete(key)
    },
    isOpen: (event: RecordedEvent): boolean => open.has(attemptKey(event)),
    anyOpen: (): boolean => open.size > 0,
  }
}

/** A transaction that vanished after it landed was public already: it stays shown. */
const OUTCOMES = new Set(['TransactionLanded', 'TransactionFailed', 'TransactionExpired'])

const attemptKey = (event: RecordedEvent): string => {
  const { ref, attempt } = event.data as { readonly ref?: unknown; readonly attempt?: unknown }
  return `${String(ref)} ${String(attempt)}`
}
