import { ANY, ErrorType, type EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client'
import type { Clock } from '../../platform/clock.ts'
import type { AppendOutcome, ExpectedRevision, NewEvent } from './event-store.ts'

/** The client's batch call has no timer of its own; past this the outcome is unknown and the caller retries with the same ids. */
const APPEND_TIMEOUT_MS = 3_000

/** The server has refused for good; retrying cannot help. */
const REFUSED = new Set<unknown>([
  ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED,
  ErrorType.MISSING_REQUIRED_METADATA_PROPERTY,
  ErrorType.INVALID_ARGUMENT,
  ErrorType.ACCESS_DENIED,
  ErrorType.STREAM_DELETED,
])

/** One append call. A conflict and an unknown outcome are values. @throws only for what no retry can mend (size, access, deleted stream) */
export const appendOnce = async (
  client: EventStoreDBClient,
  clock: Clock,
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
  timeoutMs = APPEND_TIMEOUT_MS,
): Promise<AppendOutcome> => {
  const expectedRevision = expected === 'no_stream' ? NO_STREAM : expected === 'any' ? ANY : expected
  const proposed = events.map(({ id, type, data, metadata }) => jsonEvent({ id, type, data: data as Record<string, unknown>, metadata }))
  const timer = new AbortController()
  const timedOut = clock.sleep(timeoutMs, timer.signal).then(
    (): AppendOutcome => ({ kind: 'unknown', reason: `no answer in ${timeoutMs} ms` }),
    () => new Promise<never>(() => undefined),
  )
  const asked = client.appendToStream(stream, proposed, { expectedRevision, deadline: timeoutMs }).then(
    (result): AppendOutcome => {
      if (!result.success || !result.position) return { kind: 'unknown', reason: 'the server gave no position' }
      return { kind: 'appended', revision: result.nextExpectedRevision, position: result.position }
    },
    (error: unknown) => failed(error),
  )
  try {
    return await Promise.race([asked, timedOut])
  } finally {
    timer.abort(new Error('answered'))
  }
}

const failed = (error: unknown): AppendOutcome => {
  const { type, actualVersion } = error as { type?: string; actualVersion?: bigint | string }
  if (type === ErrorType.WRONG_EXPECTED_VERSION)
    return { kind: 'conflict', actual: typeof actualVersion === 'bigint' ? actualVersion : undefined }
  if (REFUSED.has(type)) throw error
  return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) }
}
