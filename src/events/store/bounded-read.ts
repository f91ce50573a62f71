import type { Clock } from '../../platform/clock.ts'

/** A read of the client: an object stream that can be cancelled. */
interface Read<T> extends AsyncIterable<T> {
  cancel(): Promise<void>
  destroy(error?: Error): unknown
}

/**
 * Yields what a read yields, but never waits longer than `idleMs` for the server: the client gives its reads no deadline.
 * Time the consumer takes for itself does not count. Leaving the loop early cancels the read on the server.
 */
export async function* boundedRead<T>(read: Read<T>, clock: Clock, idleMs: number): AsyncIterable<T> {
  const done = new AbortController()
  let waiting = true
  let arrived = 0
  const watch = async (): Promise<void> => {
    for (;;) {
      const before = arrived
      await clock.sleep(idleMs, done.signal)
      if (waiting && arrived === before) return void read.destroy(new Error(`the event store sent nothing for ${idleMs} ms`))
    }
  }
  watch().catch(() => undefined)
  try {
    for await (const item of read) {
      arrived++
      waiting = false
      yield item
      waiting = true
    }
  } finally {
    done.abort(new Error('read ended'))
    await read.cancel().catch(() => undefined)
  }
}
