import streams from '@eventstore/db-client/generated/streams_pb.js'
import { status } from '@grpc/grpc-js'
import type { ExpectedRevision } from '../streams/append-rules.ts'
import type { Store } from '../streams/store.ts'
import type { DeleteOutcome } from '../streams/writer.ts'
import { framed } from './deframer.ts'
import type { GrpcCall, Receiver } from './grpc-server.ts'
import { expectedRevisionOf, writableStreamOf } from './requests.ts'
import { invalidArgument, OK, Refusal, statusOf, streamDeleted, wrongExpectedVersion } from './status.ts'

/** Delete (soft: the stream can be written to again). */
export const receiveDelete = ({ writer }: Store, call: GrpcCall): Receiver =>
  receiveRemoval(call, streams.DeleteReq, writer.delete, (at) => {
    const position = new streams.DeleteResp.Position().setCommitPosition(at).setPreparePosition(at)
    return new streams.DeleteResp().setPosition(position).serializeBinary()
  })

/** Tombstone: the stream is gone for ever. */
export const receiveTombstone = ({ writer }: Store, call: GrpcCall): Receiver =>
  receiveRemoval(call, streams.TombstoneReq, writer.tombstone, (at) => {
    const position = new streams.TombstoneResp.Position().setCommitPosition(at).setPreparePosition(at)
    return new streams.TombstoneResp().setPosition(position).serializeBinary()
  })

const receiveRemoval = (
  call: GrpcCall,
  request: { deserializeBinary(bytes: Uint8Array): streams.DeleteReq | streams.TombstoneReq },
  remove: (stream: string, expected: ExpectedRevision) => Promise<DeleteOutcome>,
  response: (position: string) => Uint8Array,
): Receiver => {
  const answer = async (bytes: Buffer): Promise<void> => {
    const options = request.deserializeBinary(bytes).getOptions()
    if (options === undefined) throw new Refusal(invalidArgument('the request has no options'))
    const stream = writableStreamOf(options.getStreamIdentifier())
    const expected = expectedRevisionOf(options, options.hasRevision() ? options.getRevision() : undefined)
    const outcome = await remove(stream, expected).catch((error: Error) => {
      throw new Refusal({ code: status.UNAVAILABLE, details: error.message })
    })
    switch (outcome.kind) {
      case 'stream-deleted':
        throw new Refusal(streamDeleted(stream))
      case 'wrong-expected-version':
        throw new Refusal(wrongExpectedVersion(stream, EXPECTED_NUMBER[expected] ?? expected, outcome.current))
      case 'deleted':
        call.write(framed(response(String(outcome.position))))
        call.end(OK)
    }
  }
  return {
    message: (bytes) => void answer(bytes).catch((error: unknown) => call.end(statusOf(error))),
    end: () => undefined,
  }
}

/** Trailers carry the words as the numbers of the older protocol. */
const EXPECTED_NUMBER: Readonly<Record<string, number>> = { any: -2, no_stream: -1, stream_exists: -4 }
