import { type AllStreamSubscription, type EventStoreDBClient, START, STREAM_NAME } from '@eventstore/db-client'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import type { FollowOptions, Position, RecordedEvent } from './event-store.ts'
import { recorded } from './recorded.ts'

/** Waits between attempts to subscribe again, ms: quick at first, then gentle on a server that is starting. */
const RETRY_MS = [50, 100, 250, 500, 1_000] as const
/** Scanned events between two checkpoints, in windows of 32: we store none of them, so few suffice. */
const CHECKPOINT_INTERVAL = 64

/**
 * Follows `$all` from a position in batches of what is at hand. Takes nothing further from the server while the caller works on a batch.
 * A lost connection is resumed after the last event yielded, so nothing is skipped and nothing comes twice.
 */
export async function* followAll(
  client: EventStoreDBClient,
  clock: Clock,
  log: Logger,
  { after, streams, signal, batch, onState }: FollowOptions,
): AsyncIterable<readonly RecordedEvent[]> {
  let last = after
  let failures = 0
  while (!signal.aborted) {
    const subscription = subscribe(client, streams, last, batch)
    subscription.once('confirmation', () => onState?.({ connected: true }))
    const cut = (): void => {
      // rejects when the subscription never got a stream: there is nothing to end then
      subscription.unsubscribe().catch(() => undefined)
      subscription.destroy()
    }
    signal.addEventListener('abort', cut, { once: true })
    try {
      for await (const events of batches(subscription, batch)) {
        failures = 0
        last = events.at(-1)!.position
        yield events
      }
    } catch (error) {
      if (signal.aborted) return
      const detail = error instanceof Error ? error.message : String(error)
      onState?.({ connected: false, detail })
      log[failures === 0 ? 'warn' : 'debug']({ detail, failures }, 'subscription lost, resuming')
    } finally {
      signal.removeEventListener('abort', cut)
      cut()
    }
    await clock.sleep(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!, signal).catch(() => undefined)
  }
}

const subscribe = (client: EventStoreDBClient, streams: string, after: Position | undefined, batch: number): AllStreamSubscription => {
  const subscription = client.subscribeToAll(
    {
      fromPosition: after ?? START,
      filter: { filterOn: STREAM_NAME, regex: streams, checkpointInterval: CHECKPOINT_INTERVAL, checkpointReached: () => undefined },
    },
    { highWaterMark: batch },
  )
  // an error may come while nobody awaits the stream; batches() reports it
  subscription.on('error', () => undefined)
  return subscription
}

/** The subscription as a plain object stream: its own type hides the reading side. */
interface ObjectStream extends NodeJS.EventEmitter {
  readonly destroyed: boolean
  readonly readableEnded: boolean
  read(): { readonly event?: Parameters<typeof recorded>[0] } | null
}

async function* batches(subscription: AllStreamSubscription, size: number): AsyncIterable<RecordedEvent[]> {
  const stream = subscription as unknown as ObjectStream
  let failure: unknown
  let wake: () => void = () => undefined
  // listeners live as long as the subscription: adding and removing 'readable' per batch would switch the stream's mode
  stream.on('readable', () => wake())
  stream.on('end', () => wake())
  stream.on('close', () => wake())
  stream.on('error', (error: unknown) => {
    failure = error
    wake()
  })
  for (;;) {
    const changed = new Promise<void>((resolve) => {
      wake = resolve
    })
    const events: RecordedEvent[] = []
    while (events.length < size) {
      const next = stream.read()
      if (next === null) break
      if (next.event) events.push(recorded(next.event))
    }
    if (events.length > 0) yield events
    else if (failure !== undefined) throw failure
    else if (stream.destroyed || stream.readableEnded) throw new Error('the subscription ended')
    else {
      await changed
      // the client hands events over one by one as it decodes them: those of one read from the socket make one batch
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
