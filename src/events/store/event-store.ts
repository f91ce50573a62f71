/** Place in `$all`. The commit part, as a decimal string, is the public token. */
export interface Position {
  readonly commit: bigint
  readonly prepare: bigint
}

export interface NewEvent {
  /** UUID; the same id under the same exact revision makes a retry idempotent. */
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface RecordedEvent {
  readonly streamId: string
  readonly revision: bigint
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly metadata: Readonly<Record<string, unknown>>
  /** Server time of the append, ms since the epoch. */
  readonly created: number
  readonly position: Position
}

export type ExpectedRevision = bigint | 'no_stream' | 'any'

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly revision: bigint; readonly position: Position }
  /** Nothing was written. `actual` undefined: the stream does not exist. */
  | { readonly kind: 'conflict'; readonly actual: bigint | undefined }
  /** It may or may not have been written: retry with the same ids and revision until the answer is definite. */
  | { readonly kind: 'unknown'; readonly reason: string }

export interface FollowOptions {
  /** Exclusive; undefined starts at the beginning of the log. */
  readonly after: Position | undefined
  /** Regular expression on stream names, applied by the server. */
  readonly streams: string
  readonly signal: AbortSignal
  /** At most this many events per batch. */
  readonly batch: number
  /** Connection lost or back; the subscription resumes by itself after the last event yielded. */
  readonly onState?: (state: { readonly connected: boolean; readonly detail?: string }) => void
}

/** The event store as this product uses it: EventStoreDB behind a small port, so that a simulator can stand in its place. */
export interface EventStore {
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[], timeoutMs?: number): Promise<AppendOutcome>
  /** Events from `from` (inclusive) upwards; a missing or deleted stream yields none. */
  readStream(stream: string, from?: bigint, maxCount?: number): AsyncIterable<RecordedEvent>
  /** Newest first. */
  readBackwards(stream: string, maxCount: number): AsyncIterable<RecordedEvent>
  /** All events after the position (exclusive), system events included. */
  readAll(after: Position | undefined, maxCount?: number): AsyncIterable<RecordedEvent>
  /** The last `maxCount` of all events, newest first, system events included. */
  newest(maxCount: number): AsyncIterable<RecordedEvent>
  /** Position of the newest event in `$all`. */
  head(): Promise<Position>
  /** Catch-up subscription in batches of what is at hand, with back-pressure; ends when the signal aborts. */
  follow(options: FollowOptions): AsyncIterable<readonly RecordedEvent[]>
  /** Keeps only the newest `count` events of a stream readable. */
  setMaxCount(stream: string, count: number): Promise<void>
  /** Last known state of the connection, for readiness. */
  connected(): { readonly ready: boolean; readonly detail?: string }
  close(): Promise<void>
}
