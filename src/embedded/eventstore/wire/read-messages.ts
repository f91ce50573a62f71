import { randomUUID } from 'node:crypto'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { framed } from './deframer.ts'

/** The answers of Read that are not events, ready to be sent. */

const message = (response: streams.ReadResp): Buffer => framed(response.serializeBinary())

/** First answer of a subscription. */
export const confirmation = (): Buffer =>
  message(new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(randomUUID())))

export const caughtUp = (): Buffer => message(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()))

/** Everything up to `position` was looked at for a filtered subscription. */
export const checkpoint = (position: number): Buffer => {
  const body = new streams.ReadResp.Checkpoint().setCommitPosition(String(position)).setPreparePosition(String(position))
  return message(new streams.ReadResp().setCheckpoint(body))
}

/** An answer, not an error, by protocol. */
export const streamNotFound = (stream: string): Buffer => {
  const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(stream).toString('base64'))
  return message(new streams.ReadResp().setStreamNotFound(new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifier)))
}
