import type shared from '@eventstore/db-client/generated/shared_pb.js'
import type streams from '@eventstore/db-client/generated/streams_pb.js'
import { type EventToStore, MAX_NAME_BYTES } from '../log/record.ts'
import type { ExpectedRevision } from '../streams/append-rules.ts'
import { accessDenied, appendTooLarge, invalidArgument, MAX_APPEND_SIZE, missingMetadata, Refusal } from './status.ts'
import { parseUuid } from './uuid.ts'

/** Throws Refusal on a name that no stream can have. */
export const streamNameOf = (identifier: shared.StreamIdentifier | undefined): string => {
  const bytes = identifier?.getStreamName_asU8() ?? new Uint8Array()
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) throw new Refusal(invalidArgument('the stream name is empty or too long'))
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

/** `$all` is a view: nobody, not even an administrator, may write or delete it. */
export const writableStreamOf = (identifier: shared.StreamIdentifier | undefined): string => {
  const name = streamNameOf(identifier)
  if (name === '$all') throw new Refusal(accessDenied())
  return name
}

interface ExpectedRevisionWords {
  hasNoStream(): boolean
  hasAny(): boolean
  hasStreamExists(): boolean
}

/** `revision` is the field's decimal text when the request carries an exact one. */
export const expectedRevisionOf = (options: ExpectedRevisionWords, revision: string | undefined): ExpectedRevision => {
  if (revision !== undefined) return Number(revision)
  if (options.hasNoStream()) return 'no_stream'
  if (options.hasAny()) return 'any'
  if (options.hasStreamExists()) return 'stream_exists'
  throw new Refusal(invalidArgument('the expected revision is missing'))
}

type ProposedMessage = streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage

export interface ProposedEvents {
  readonly events: EventToStore[]
  /** Throws Refusal: the whole append is then refused. */
  add(message: ProposedMessage): void
}

/** Metadata has no limit of its own; one append must still fit in memory and in a frame. */
const MAX_APPEND_BYTES_IN_ALL = 16 * 1024 * 1024

export const proposedEvents = (): ProposedEvents => {
  const events: EventToStore[] = []
  let dataBytes = 0
  let allBytes = 0
  return {
    events,
    add(message) {
      const event = eventOf(message)
      dataBytes += event.data.length
      allBytes += event.data.length + event.metadata.length + event.type.length + PER_EVENT_BYTES
      if (dataBytes > MAX_APPEND_SIZE || allBytes > MAX_APPEND_BYTES_IN_ALL) throw new Refusal(appendTooLarge())
      events.push(event)
    },
  }
}

/** Headers, stream name and bookkeeping of an event without any content, so that empty events are bounded too. */
const PER_EVENT_BYTES = 128

const eventOf = (message: ProposedMessage): EventToStore => {
  const properties = message.getMetadataMap()
  const type = properties.get('type')
  const contentType = properties.get('content-type')
  if (type === undefined) throw new Refusal(missingMetadata('type'))
  if (contentType === undefined) throw new Refusal(missingMetadata('content-type'))
  const typeBytes = Buffer.from(type)
  if (typeBytes.length > MAX_NAME_BYTES) throw new Refusal(invalidArgument('the event type is too long'))
  return {
    id: parseUuid(message.getId()),
    type: typeBytes,
    json: contentType === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  }
}
