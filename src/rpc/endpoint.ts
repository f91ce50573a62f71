import { Connection } from '@solana/web3.js'
import { type CircuitBreakerPolicy, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel'
import { Agent, request } from 'undici'
import { monotonicMs } from '../platform/clock.ts'
import { Histogram, type Registry } from '../platform/metrics.ts'
import type { ChainAnswer, EndpointHealth } from './chain.ts'
import { isEndpointFault, toChainError } from './chain-error.ts'

/** One RPC endpoint: keep-alive connections, a limit on every call's time, and a breaker that sets it aside while it fails. */
export interface Endpoint {
  /** Host and port with its place in the list: keys in paths and queries stay out of logs, metrics and events. */
  readonly name: string
  /** Runs one call; never retries. */
  call<T>(method: string, run: (connection: Connection) => Promise<T>): Promise<ChainAnswer<T>>
  health(): EndpointHealth
  close(): Promise<void>
}

/** Longer than any healthy call takes, shorter than a slot's worth of attention is worth: a dead node must not hold a landing back. */
const CALL_TIMEOUT_MS = 4_000
/** Three in a row: one lost packet sets nobody aside. */
const FAILURES_TO_BREAK = 3
/** How long an endpoint stays set aside before one call probes it again. */
const PROBE_AFTER_MS = 1_500

export type CallTimes = Histogram<'endpoint' | 'method' | 'outcome'>

/** Times of all calls; one per process. */
export const createCallTimes = (registry: Registry): CallTimes =>
  new Histogram({
    name: 'quantbot_rpc_call_seconds',
    help: 'Solana RPC calls by endpoint, method and outcome',
    labelNames: ['endpoint', 'method', 'outcome'] as const,
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 4],
    registers: [registry],
  })

export const createEndpoint = (url: string, index: number, times: CallTimes): Endpoint => {
  const name = `${index}:${new URL(url).host}`
  const agent = new Agent({ keepAliveTimeout: 15_000, connections: 32, connect: { timeout: CALL_TIMEOUT_MS } })
  const breaker = circuitBreaker(handleWhen(isEndpointFault), {
    halfOpenAfter: PROBE_AFTER_MS,
    breaker: new ConsecutiveBreaker(FAILURES_TO_BREAK),
  })
  const connection = new Connection(url, { commitment: 'confirmed', disableRetryOnRateLimit: true, fetch: fetchThrough(agent) })

  return {
    name,
    call: async (method, run) => {
      const started = monotonicMs()
      const done = (outcome: string) => times.observe({ endpoint: name, method, outcome }, (monotonicMs() - started) / 1000)
      try {
        const value = await breaker.execute(() => run(connection))
        done('ok')
        return { ok: true, value }
      } catch (error) {
        const failure = toChainError(error)
        done(failure.kind)
        return { ok: false, error: failure }
      }
    },
    health: () => healthOf(name, breaker),
    close: () => agent.close(),
  }
}

const healthOf = (endpoint: string, breaker: CircuitBreakerPolicy): EndpointHealth => {
  if (breaker.state === CircuitState.Closed) return { endpoint, healthy: true }
  const last = breaker.lastFailure
  const detail = last && 'error' in last ? last.error.message : 'set aside after failures'
  return { endpoint, healthy: false, detail }
}

/** The four members of a response that web3.js reads, over undici's plain request: its fetch costs several times as much CPU. */
const fetchThrough = (agent: Agent): typeof fetch => {
  const call = async (url: string, init: { method: string; body: string; headers: Record<string, string> }) => {
    const { statusCode, body } = await request(url, {
      dispatcher: agent,
      method: 'POST',
      body: init.body,
      headers: init.headers,
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    })
    return { ok: statusCode >= 200 && statusCode < 300, status: statusCode, statusText: '', text: () => body.text() }
  }
  return call as unknown as typeof fetch
}
