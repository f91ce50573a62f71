import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { status } from '@grpc/grpc-js'
import type { ExpectedRevision } from '../streams/append-rules.ts'
import type { Store } from '../streams/store.ts'
import type { AppendOutcome } from '../streams/writer.ts'
import { framed } from './deframer.ts'
import type { GrpcCall, Receiver } from './grpc-server.ts'
import { expectedRevisionOf, proposedEvents, writableStreamOf } from './requests.ts'
import { invalidArgument, OK, Refusal, statusOf, streamDeleted } from './status.ts'

/** Append: one stream of requests (options, then events), one answer. A wrong expected version is an answer, not an error. */
export const receiveAppend = ({ writer }: Store, call: GrpcCall): Receiver => {
  const proposed = proposedEvents()
  let target: { readonly stream: string; readonly expected: ExpectedRevision } | undefined

  const finish = async (): Promise<void> => {
    if (target === undefined) throw new Refusal(invalidArgument('the append has no options'))
    const { stream, expected } = target
    const outcome = await writer.append(stream, expected, proposed.events).catch((error: Error) => {
      throw new Refusal({ code: status.UNAVAILABLE, details: error.message })
    })
    if (outcome.kind === 'stream-deleted') throw new Refusal(streamDeleted(stream))
    call.write(framed(responseOf(outcome, expected).serializeBinary()))
    call.end(OK)
  }

  return {
    message(bytes) {
      const request = streams.AppendReq.deserializeBinary(bytes)
      const options = request.getOptions()
      const message = request.getProposedMessage()
      if (message !== undefined) proposed.add(message)
      if (options === undefined) return
      const revision = options.hasRevision() ? options.getRevision() : undefined
      target = { stream: writableStreamOf(options.getStreamIdentifier()), expected: expectedRevisionOf(options, revision) }
    },
    end: () => void finish().catch((error: unknown) => call.end(statusOf(error))),
  }
}

const responseOf = (outcome: Exclude<AppendOutcome, { kind: 'stream-deleted' }>, expected: ExpectedRevision): streams.AppendResp =>
  outcome.kind === 'appended'
    ? new streams.AppendResp().setSuccess(successOf(outcome))
    : new streams.AppendResp().setWrongExpectedVersion(wrongVersionOf(outcome.current, expected))

const successOf = ({ revision, position }: AppendOutcome & { kind: 'appended' }): streams.AppendResp.Success => {
  const success = new streams.AppendResp.Success()
  if (revision < 0) success.setNoStream(new shared.Empty())
  else success.setCurrentRevision(String(revision))
  if (position === undefined) return success.setNoPosition(new shared.Empty())
  return success.setPosition(new streams.AppendResp.Position().setCommitPosition(String(position)).setPreparePosition(String(position)))
}

const wrongVersionOf = (current: number, expected: ExpectedRevision): streams.AppendResp.WrongExpectedVersion => {
  const wrong = new streams.AppendResp.WrongExpectedVersion()
  if (current < 0) wrong.setCurrentNoStream(new shared.Empty())
  else wrong.setCurrentRevision(String(current))
  switch (expected) {
    case 'any':
      return wrong.setExpectedAny(new shared.Empty())
    case 'no_stream':
      return wrong.setExpectedNoStream(new shared.Empty())
    case 'stream_exists':
      return wrong.setExpectedStreamExists(new shared.Empty())
    default:
      return wrong.setExpectedRevision(String(expected))
  }
}
