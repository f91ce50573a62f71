import shared from '@eventstore/db-client/generated/shared_pb.js'
import statusMessages from '@eventstore/db-client/generated/status_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { status } from '@grpc/grpc-js'
import anyMessages from 'google-protobuf/google/protobuf/any_pb.js'
import emptyMessages from 'google-protobuf/google/protobuf/empty_pb.js'
import type { ExpectedRevision } from '../streams/append-rules.ts'
import type { AppendOutcome } from '../streams/writer.ts'
import { type CallStatus, MAX_APPEND_SIZE } from './status.ts'

export type BatchAnswer =
  | AppendOutcome
  | { readonly kind: 'timeout' }
  /** The disk failed: the events may or may not be kept. */
  | { readonly kind: 'unknown'; readonly message: string }
  | { readonly kind: 'refused'; readonly status: CallStatus }

export interface BatchRequest {
  readonly correlationId: shared.UUID
  readonly identifier: shared.StreamIdentifier
  readonly expected: ExpectedRevision
}

const empty = () => new emptyMessages.Empty()

export const batchResponse = (request: BatchRequest, answer: BatchAnswer): streams.BatchAppendResp => {
  const response = new streams.BatchAppendResp().setCorrelationId(request.correlationId).setStreamIdentifier(request.identifier)
  switch (answer.kind) {
    case 'appended':
      return response.setSuccess(successOf(answer))
    case 'wrong-expected-version':
      return response.setError(error(status.ALREADY_EXISTS, 'WrongExpectedVersion', wrongVersionOf(answer.current, request.expected)))
    case 'stream-deleted':
      return response.setError(error(status.NOT_FOUND, 'StreamDeleted', new shared.StreamDeleted().setStreamIdentifier(request.identifier)))
    case 'timeout':
      return response.setError(error(status.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout()))
    case 'unknown':
      return response.setError(error(status.UNKNOWN, 'Unknown', new shared.Unknown(), answer.message))
    case 'refused':
      return response.setError(refusalOf(answer.status))
  }
  answer satisfies never
}

const refusalOf = ({ code, details, trailers }: CallStatus): statusMessages.Status => {
  switch (trailers?.exception) {
    case 'maximum-append-size-exceeded':
      return error(code, 'MaximumAppendSizeExceeded', new shared.MaximumAppendSizeExceeded().setMaxappendsize(MAX_APPEND_SIZE), details)
    case 'access-denied':
      return error(code, 'AccessDenied', new shared.AccessDenied(), details)
    default:
      return error(code, 'BadRequest', new shared.BadRequest().setMessage(details), details)
  }
}

const error = (code: status, name: string, details: { serializeBinary(): Uint8Array }, message = name): statusMessages.Status => {
  const packed = new anyMessages.Any()
  packed.pack(details.serializeBinary(), `event_store.client.${name}`)
  return new statusMessages.Status()
    .setCode(code as number)
    .setMessage(message)
    .setDetails(packed)
}

const successOf = ({ revision, position }: AppendOutcome & { kind: 'appended' }): streams.BatchAppendResp.Success => {
  const success = new streams.BatchAppendResp.Success()
  if (revision < 0) success.setNoStream(empty())
  else success.setCurrentRevision(String(revision))
  if (position === undefined) return success.setNoPosition(empty())
  return success.setPosition(new shared.AllStreamPosition().setCommitPosition(String(position)).setPreparePosition(String(position)))
}

const wrongVersionOf = (current: number, expected: ExpectedRevision): shared.WrongExpectedVersion => {
  const wrong = new shared.WrongExpectedVersion()
  if (current < 0) wrong.setCurrentNoStream(empty())
  else wrong.setCurrentStreamRevision(String(current))
  switch (expected) {
    case 'any':
      return wrong.setExpectedAny(empty())
    case 'no_stream':
      return wrong.setExpectedNoStream(empty())
    case 'stream_exists':
      return wrong.setExpectedStreamExists(empty())
    default:
      return wrong.setExpectedStreamPosition(String(expected))
  }
}
