import { z } from 'zod'
import { UnreadableEvent } from '../events/decode.ts'
import type { InstrumentBook } from '../events/instruments.ts'
import type { EventStore } from '../events/store/event-store.ts'
import type { Clock } from '../platform/clock.ts'
import { type Reply, refuse } from '../platform/http/route.ts'

/** Ports of the audit routes. They read the log itself, never a read model. */
export interface AuditDeps {
  readonly store: EventStore
  readonly instruments: InstrumentBook
  readonly clock: Clock
}

/** A place in the log as a decimal string: a position or a revision, at most 2^63 - 1. */
export const Place = z
  .string()
  // aborts: the next check could not even read it
  .regex(/^(0|[1-9]\d{0,18})$/, { error: 'must be a whole number in decimal', abort: true })
  .refine((text) => BigInt(text) < 2n ** 63n, 'is too large')

export const Limit = (most: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'must be a whole number from 1')
    .refine((text) => Number(text) <= most, `must be at most ${most}`)

/** The newest position, or the 503 of a client that asks for one beyond it. */
export const headOrRefusal = async (store: EventStore, wanted: string | undefined): Promise<{ readonly head: bigint } | Reply> => {
  const { commit: head } = await store.head()
  return wanted !== undefined && BigInt(wanted) > head
    ? refuse('not_ready', `position ${wanted} is beyond the head of the log (${head})`)
    : { head }
}

/** Runs a read of the log: a store that does not answer, and an event of a newer version, are a 503 and no fault of ours. */
export const readingLog = async (store: EventStore, read: () => Promise<Reply>): Promise<Reply> => {
  try {
    return await read()
  } catch (error) {
    if (error instanceof UnreadableEvent) return refuse('not_ready', `this build cannot read the log: ${error.message}`)
    // the client's errors carry a type, ours don't
    const fromClient = typeof (error as { type?: unknown }).type === 'string'
    if (fromClient || !store.connected().ready) return refuse('not_ready', 'the event store does not answer')
    throw error
  }
}
