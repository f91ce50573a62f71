import type { ServerResponse } from 'node:http'
import { abortWithin } from '../abort-within.ts'
import type { Clock } from '../clock.ts'
import { untilGone } from './client-gone.ts'

/** One event as an EventSource reads it. */
export interface ServerEvent {
  /** Where a client that comes back goes on (Last-Event-ID). */
  readonly id: string
  readonly event: string
  readonly data: unknown
}

/** The client's end of a stream of events. */
export interface EventSink {
  /** False: the client reads more slowly than is sent. Nothing more should be sent before `drained`. */
  send(event: ServerEvent): boolean
  /** Resolves true when all that was sent has been taken, false when that takes too long or the client has gone. */
  drained(): Promise<boolean>
  /** A line that clients ignore: keeps the way open, and finds out who has gone. */
  alive(): void
  /** Aborts when the client has gone or the server stops. */
  readonly signal: AbortSignal
}

/** A client that has not taken what is in its socket for this long is given up: what it misses it can ask for when it comes back. */
const PATIENCE_MS = 10_000
/** The notice of the end is given this long to be taken. */
const FAREWELL_MS = 1_000

/** Runs a stream on an answered request; resolves when it has ended, one way or the other. */
export const serveEvents = async (
  res: ServerResponse,
  stream: (sink: EventSink) => Promise<void>,
  { clock, stopping, headers }: { clock: Clock; stopping: AbortSignal; headers: Readonly<Record<string, string>> },
): Promise<void> => {
  const gone = untilGone(res)
  const signal = AbortSignal.any([gone, stopping])
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no', ...headers })
  res.flushHeaders()
  const sink: EventSink = {
    send: ({ id, event, data }) => res.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    drained: () => drained(res, clock, signal),
    alive: () => void res.write(':\n\n'),
    signal,
  }
  try {
    await stream(sink)
  } finally {
    res.end()
    // one that does not read does not read the end either
    if (!gone.aborted) await clock.sleep(FAREWELL_MS, gone).catch(() => undefined)
    res.destroy()
  }
}

const drained = async (res: ServerResponse, clock: Clock, signal: AbortSignal): Promise<boolean> => {
  if (!res.writableNeedDrain) return !signal.aborted
  const over = abortWithin(signal)
  const taken = new Promise<boolean>((resolve) => res.once('drain', () => resolve(true)))
  const late = clock.sleep(PATIENCE_MS, over.signal).then(
    () => false,
    () => false,
  )
  const outcome = await Promise.race([taken, late])
  over.abort()
  return outcome && !signal.aborted
}
