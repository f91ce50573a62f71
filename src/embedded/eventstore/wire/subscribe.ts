import { type AllCursor, allForwards, FIRST_POSITION, locate, positionAfter, readEvent, streamCursor } from '../streams/cursor.ts'
import { createDoorbell, type Doorbell } from '../streams/doorbell.ts'
import { readableRange } from '../streams/readable.ts'
import type { Store } from '../streams/store.ts'
import { isDurablyTombstoned } from '../streams/stream-index.ts'
import type { GrpcCall } from './grpc-server.ts'
import { caughtUp, checkpoint, confirmation } from './read-messages.ts'
import type { ReadRequest } from './read-request.ts'
import { createSender } from './sender.ts'
import { Refusal, streamDeleted } from './status.ts'

/**
 * Subscriptions pull from the log with a cursor and sleep until a commit rings: catching up and live are the same loop, nothing is
 * pushed or queued for a reader that is slow.
 */
export const subscribeToAll = async (store: Store, request: ReadRequest, call: GrpcCall): Promise<void> => {
  const { outbox, drain } = createSender(store, request, call)
  const bell = createDoorbell()
  store.bells.add(bell)
  call.signal.addEventListener('abort', () => leave(store.bells, bell), { once: true })
  outbox.message(confirmation())
  const cursor = allForwards(store, await afterPosition(store, request))
  const checkpoints = request.filter === undefined ? undefined : countingCheckpoints(request.filter.checkpointEvery, outbox.message)
  const wants = request.filter?.matches ?? (() => true)
  let live = false
  while (!call.signal.aborted) {
    await drain(cursor, Number.POSITIVE_INFINITY, wants, checkpoints?.looked)
    if (hasMore(store, cursor)) continue
    if (!live) {
      live = true
      checkpoints?.now()
      outbox.message(caughtUp())
      await outbox.flush()
      continue
    }
    await bell.rung()
  }
}

export const subscribeToStream = async (store: Store, request: ReadRequest, stream: string, call: GrpcCall): Promise<void> => {
  const { outbox, drain } = createSender(store, request, call)
  outbox.message(confirmation())
  const state = store.index.stream(stream)
  const bell = createDoorbell()
  state.waiting ??= new Set()
  const waiting = state.waiting
  waiting.add(bell)
  call.signal.addEventListener(
    'abort',
    () => {
      leave(waiting, bell)
      if (waiting.size > 0) return
      state.waiting = undefined
      store.index.forgetBlank(state)
    },
    { once: true },
  )
  let next = request.from === 'start' ? 0 : request.from === 'end' ? state.positions.length : request.from + 1
  let live = false
  while (!call.signal.aborted) {
    if (isDurablyTombstoned(store.index, stream)) throw new Refusal(streamDeleted(stream))
    const range = readableRange(store, stream)
    if (range !== undefined && next <= range.highest) {
      const cursor = streamCursor(store, range.state, Math.max(next, range.lowest), 1, range.lowest, range.highest)
      await drain(cursor, Number.POSITIVE_INFINITY, (event) => !range.isExpired(event))
      next = range.highest + 1
      continue
    }
    if (!live) {
      live = true
      outbox.message(caughtUp())
    }
    await outbox.flush()
    await bell.rung()
  }
}

const leave = (bells: Set<Doorbell>, bell: Doorbell): void => {
  bells.delete(bell)
  bell.ring()
}

/** Subscriptions begin behind the position they name: it is the last one already handled. */
const afterPosition = async (store: Store, { from }: ReadRequest): Promise<number> => {
  if (from === 'start') return FIRST_POSITION
  if (from === 'end') return store.index.nextPosition()
  const at = await locate(store, from)
  return at === from && at < store.durableEnd() ? positionAfter(await readEvent(store, at)) : at
}

const hasMore = (store: Store, cursor: AllCursor): boolean => cursor.position < store.durableEnd()

/** How a reader whose filter matches nothing still gets on: every `every` events looked at, and once on going live. */
const countingCheckpoints = (every: number, send: (framed: Buffer) => void) => {
  let looked = 0
  let last: number | undefined
  let sent: number | undefined
  const now = (): void => {
    if (last === undefined || last === sent) return
    send(checkpoint(last))
    sent = last
  }
  return {
    looked(event: { readonly position: number }): void {
      last = event.position
      looked += 1
      if (looked < every) return
      looked = 0
      now()
    },
    now,
  }
}
