import { setImmediate as nextTurn } from 'node:timers/promises'
import type { StoredEvent } from '../log/record.ts'
import type { Cursor } from '../streams/cursor.ts'
import { isLink, resolveLink } from '../streams/links.ts'
import type { Store } from '../streams/store.ts'
import type { GrpcCall } from './grpc-server.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import type { ReadRequest } from './read-request.ts'

/** Takes events from a cursor to the reader, at the reader's pace and without keeping the node from its other work. */
export interface Sender {
  readonly outbox: Outbox
  /** Sends what the cursor has until it has no more, `limit` events were sent or the call is over. Returns how many were sent. */
  drain(cursor: Cursor, limit: number, wants: (event: StoredEvent) => boolean, looked?: (event: StoredEvent) => void): Promise<number>
}

/** About 2 ms of reading: what an append may have to wait for a reader. */
const TURN = 500

export const createSender = (store: Store, request: ReadRequest, call: GrpcCall): Sender => {
  const outbox = createOutbox(call, request.uuid)
  let sinceTurn = 0

  const add = (event: StoredEvent): Promise<void> | undefined => {
    if (request.resolveLinks && isLink(event)) return addResolved(event)
    outbox.event({ event, link: undefined, position: event.position })
    return undefined
  }

  const addResolved = async (link: StoredEvent): Promise<void> => {
    outbox.event({ event: await resolveLink(store, link), link, position: link.position })
  }

  return {
    outbox,
    async drain(cursor, limit, wants, looked) {
      let sent = 0
      while (sent < limit && !call.signal.aborted) {
        const next = cursor.next()
        const event = next instanceof Promise ? await next : next
        if (event === undefined) break
        if (wants(event)) {
          const waiting = add(event)
          if (waiting !== undefined) await waiting
          sent += 1
        }
        looked?.(event)
        if (outbox.isFull) await outbox.flush()
        if (++sinceTurn >= TURN) {
          sinceTurn = 0
          await nextTurn()
        }
      }
      await outbox.flush()
      return sent
    },
  }
}
