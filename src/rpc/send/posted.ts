import { bulkhead, ConsecutiveBreaker, circuitBreaker, handleWhen, wrap } from 'cockatiel'
import { type Clock, monotonicMs } from '../../platform/clock.ts'
import { Histogram, type Registry } from '../../platform/metrics.ts'
import { fromRpcError, RpcFailure, toFailure } from '../chain-error.ts'
import { createTransport, type RpcCall } from '../pool/json-rpc.ts'
import { createLimiter } from '../pool/limiter.ts'

/** JSON-RPC to a service that only takes transactions: limits and failures as with any endpoint, but never asked for anything else. */
export interface Posting {
  /** @throws RpcFailure */
  post(path: string, call: RpcCall): Promise<unknown>
  close(): Promise<void>
}

export interface PostingOptions {
  readonly name: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly registry: Registry
}

const TIMEOUT_MS = 2_000
const AT_ONCE = 32
const WAITING = 256
const FAILURES_TO_BREAK = 5
const PROBE_AFTER_MS = 2_000

export const createPosting = ({ name, url, headers = {}, clock, registry }: PostingOptions): Posting => {
  const root = url.replace(/\/$/, '')
  const transports = new Map<string, ReturnType<typeof createTransport>>()
  const limiter = createLimiter({ now: monotonicMs })
  const policy = wrap(
    bulkhead(AT_ONCE, WAITING),
    circuitBreaker(
      handleWhen((error) => toFailure(error).fault === 'broken'),
      { halfOpenAfter: PROBE_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_BREAK) },
    ),
  )
  const times = postingTimes(registry)

  const transportOf = (path: string) => {
    const known = transports.get(path) ?? createTransport(`${root}${path}`, clock, headers)
    transports.set(path, known)
    return known
  }

  return {
    post: async (path, call) => {
      // Its answer would be another 429; the next rebroadcast asks again.
      if (limiter.waitMs(call.method) > 0) throw new RpcFailure('limited', 'over its rate limit')
      const started = monotonicMs()
      limiter.took(call.method)
      const told = (outcome: string) => times.observe({ sender: name, method: call.method, outcome }, (monotonicMs() - started) / 1_000)
      try {
        const result = await policy.execute(async () => {
          const [answer] = await transportOf(path).post([call], { signal: AbortSignal.timeout(TIMEOUT_MS) })
          if (answer && 'result' in answer) return answer.result
          throw answer ? fromRpcError(answer.error) : new RpcFailure('broken', 'no answer')
        })
        told('ok')
        return result
      } catch (error) {
        const failure = toFailure(error)
        if (failure.fault === 'limited') limiter.refused(call.method, failure)
        told(failure.fault)
        throw failure
      }
    },
    close: async () => {
      await Promise.all([...transports.values()].map((transport) => transport.close()))
    },
  }
}

const METRIC = 'quantbot_sender_call_seconds'

/** One metric for all senders of a process. */
const postingTimes = (registry: Registry): Histogram<'sender' | 'method' | 'outcome'> => {
  const known = registry.getSingleMetric(METRIC)
  if (known instanceof Histogram) return known
  return new Histogram({
    name: METRIC,
    help: 'Calls to services that take transactions, by sender, method and outcome',
    labelNames: ['sender', 'method', 'outcome'] as const,
    buckets: [0.003, 0.01, 0.03, 0.1, 0.3, 1, 2],
    registers: [registry],
  })
}
