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
  let silent = false
  // The server ends a call it has answered. Cancelling it nevertheless resets the HTTP/2 stream, and a server that sees a thousand
  // resets at once takes them for an attack and breaks the connection, with the appends on it.
  let over = false
  const watch = async (): Promise<void> => {
    for (;;) {
      const before = arrived
      await clock.sleep(idleMs, done.signal)
      if (!waiting || arrived !== before) continue
      silent = true
      return void read.destroy(new Error(`the event store sent nothing for ${idleMs} ms`))
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
    over = true
  } catch (error) {
    over = !silent
    throw error
  } finally {
    done.abort(new Error('read ended'))
    if (!over) await read.cancel().catch(() => undefined)
  }
}
