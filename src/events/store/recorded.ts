import type { RecordedEvent } from './event-store.ts'

/** The client's event, as far as we read it. */
interface ClientEvent {
  readonly streamId: string
  readonly revision: bigint
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly metadata?: unknown
  readonly created: Date
  readonly position?: { readonly commit: bigint; readonly prepare: bigint } | undefined
}

/** Maps an event of the client to ours. @throws when the server gives no position: it is older than 24.6 */
export const recorded = (event: ClientEvent): RecordedEvent => {
  if (!event.position) throw new Error(`the event store gives no $all position for ${event.streamId}: version 24.6 or newer is needed`)
  return {
    streamId: event.streamId,
    revision: event.revision,
    id: event.id,
    type: event.type,
    data: event.data,
    metadata: isRecord(event.metadata) ? event.metadata : {},
    created: event.created.getTime(),
    position: { commit: event.position.commit, prepare: event.position.prepare },
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
