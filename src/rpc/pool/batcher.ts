import { monotonicMs } from '../../platform/clock.ts'
import { fromRpcError, RpcFailure } from '../chain-error.ts'
import type { RpcCall, Transport } from './json-rpc.ts'
import type { Meters } from './meters.ts'

/** Puts calls that go to one endpoint at the same moment into one JSON-RPC batch, as long as the endpoint takes batches. */
export interface Batcher {
  /** The result of one call. @throws RpcFailure */
  ask(call: RpcCall, signal: AbortSignal): Promise<unknown>
}

/** Providers allow from ten to a hundred; a larger one also answers as late as its slowest call. */
const MOST_PER_BATCH = 10
/** A batch may also have failed for another reason than being one: it is tried again. */
const OFF_MS = 60_000

interface Waiting {
  readonly call: RpcCall
  readonly signal: AbortSignal
  readonly resolve: (result: unknown) => void
  readonly reject: (failure: unknown) => void
}

export const createBatcher = (transport: Transport, endpoint: string, meters: Meters): Batcher => {
  let waiting: Waiting[] = []
  let offUntil = Number.NEGATIVE_INFINITY
  const allowed = () => monotonicMs() >= offUntil

  const single = async ({ call, signal }: Pick<Waiting, 'call' | 'signal'>): Promise<unknown> => {
    const [answer] = await transport.post([call], { signal })
    if (answer === undefined) throw new RpcFailure('broken', 'no answer')
    if ('error' in answer) throw fromRpcError(answer.error)
    return answer.result
  }
  const settle = (each: Waiting): void => {
    single(each).then(each.resolve, each.reject)
  }

  const flushPart = async (part: readonly Waiting[]): Promise<void> => {
    const gone = giveUpTogether(part.map(({ signal }) => signal))
    try {
      const answers = await transport.post(
        part.map(({ call }) => call),
        { signal: gone },
      )
      meters.decided('batched', endpoint, part.length)
      for (const [i, each] of part.entries()) {
        const answer = answers[i]
        if (answer === undefined) each.reject(new RpcFailure('broken', 'no answer'))
        else if ('error' in answer) each.reject(fromRpcError(answer.error))
        else each.resolve(answer.result)
      }
    } catch (error) {
      // Answered, but not as a batch is answered: this endpoint takes none.
      if (!(error instanceof RpcFailure) || error.fault !== 'broken') for (const each of part) each.reject(error)
      else {
        if (allowed()) meters.decided('batching_off', endpoint)
        offUntil = monotonicMs() + OFF_MS
        for (const each of part) settle(each)
      }
    }
  }

  const flush = (): void => {
    const all = waiting
    waiting = []
    if (all.length === 1 || !allowed()) for (const each of all) settle(each)
    else for (let from = 0; from < all.length; from += MOST_PER_BATCH) void flushPart(all.slice(from, from + MOST_PER_BATCH))
  }

  return {
    ask: (call, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        // A caller that gives up is released at once; the others of its batch go on.
        const onAbort = () => reject(signal.reason)
        signal.addEventListener('abort', onAbort, { once: true })
        const release = () => signal.removeEventListener('abort', onAbort)
        waiting.push({
          call,
          signal,
          resolve: (result) => {
            release()
            resolve(result)
          },
          reject: (failure) => {
            release()
            reject(failure)
          },
        })
        // What is asked in one turn of the event loop goes out together; nobody waits longer for it.
        if (waiting.length === 1) setImmediate(flush)
      }),
  }
}

/** Aborts when every one of the signals has. */
const giveUpTogether = (signals: readonly AbortSignal[]): AbortSignal => {
  const all = new AbortController()
  let left = signals.length
  for (const signal of signals) {
    const gone = () => {
      left--
      if (left === 0) all.abort(signal.reason)
    }
    if (signal.aborted) gone()
    else signal.addEventListener('abort', gone, { once: true })
  }
  return all.signal
}
