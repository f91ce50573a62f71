import { allBackwards, allForwards, type Cursor, FIRST_POSITION, locate, streamCursor } from '../streams/cursor.ts'
import { readableRange } from '../streams/readable.ts'
import type { Store } from '../streams/store.ts'
import { isDurablyTombstoned } from '../streams/stream-index.ts'
import type { GrpcCall, Receiver } from './grpc-server.ts'
import { streamNotFound } from './read-messages.ts'
import { parseReadRequest, type ReadRequest } from './read-request.ts'
import { createSender } from './sender.ts'
import { OK, Refusal, statusOf, streamDeleted } from './status.ts'
import { subscribeToAll, subscribeToStream } from './subscribe.ts'

/** Read: a page of a stream or of `$all`, or a catch-up subscription. */
export const receiveRead = (store: Store, call: GrpcCall): Receiver => {
  const answer = async (bytes: Buffer): Promise<void> => {
    const request = parseReadRequest(bytes)
    if (request.count !== undefined) {
      await (request.stream === undefined ? readAll(store, request, call) : readStream(store, request, request.stream, call))
    } else if (request.stream === undefined) await subscribeToAll(store, request, call)
    else await subscribeToStream(store, request, request.stream, call)
    call.end(OK)
  }
  return {
    message: (bytes) => void answer(bytes).catch((error: unknown) => call.end(statusOf(error))),
    end: () => undefined,
  }
}

const readStream = async (store: Store, request: ReadRequest, stream: string, call: GrpcCall): Promise<void> => {
  if (isDurablyTombstoned(store.index, stream)) throw new Refusal(streamDeleted(stream))
  const range = readableRange(store, stream)
  if (range === undefined) {
    call.write(streamNotFound(stream))
    return
  }
  const { lowest, highest, state } = range
  const asked = request.from === 'start' ? 0 : request.from === 'end' ? (request.backwards ? highest : highest + 1) : request.from
  const cursor = request.backwards
    ? streamCursor(store, state, Math.min(asked, highest), -1, lowest, highest)
    : streamCursor(store, state, Math.max(asked, lowest), 1, lowest, highest)
  await createSender(store, request, call).drain(cursor, request.count!, (event) => !range.isExpired(event))
}

const readAll = async (store: Store, request: ReadRequest, call: GrpcCall): Promise<void> => {
  const cursor = request.backwards ? backwardsFrom(store, request) : forwardsTo(allForwards(store, await startOf(store, request)), store)
  await createSender(store, request, call).drain(cursor, request.count!, request.filter?.matches ?? everything)
}

const everything = (): boolean => true

/** Backwards the position itself is not read. */
const backwardsFrom = (store: Store, { from }: ReadRequest): Cursor =>
  allBackwards(store, from === 'end' ? store.durableEnd() : from === 'start' ? FIRST_POSITION : Math.min(from, store.durableEnd()))

const startOf = async (store: Store, { from }: ReadRequest): Promise<number> =>
  from === 'start' ? FIRST_POSITION : from === 'end' ? store.index.nextPosition() : locate(store, from)

/** A read ends where the log ended when it began, else a reader slower than the writers would never finish. */
const forwardsTo = (cursor: ReturnType<typeof allForwards>, store: Store): Cursor => {
  const end = store.durableEnd()
  return { next: () => (cursor.position >= end ? undefined : cursor.next()) }
}
