import { ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel'
import { Agent, request } from 'undici'
import type { z } from 'zod'
import { monotonicMs } from '../../platform/clock.ts'
import { Histogram, type Registry } from '../../platform/metrics.ts'
import { ErrorResponse } from './jupiter-schema.ts'
import type { VenueAnswer, VenueError } from './venue.ts'

export interface JupiterOptions {
  /** Without a trailing slash: `https://api.jup.ag`, or the local venue. */
  readonly url: string
  readonly apiKey: string | undefined
  readonly registry: Registry
  /** How long the venue may take to land a transaction before nothing is known of it. */
  readonly executeTimeoutMs?: number
}

/** HTTP to a venue that speaks as Jupiter: its errors in our words, a breaker before it, every call measured. */
export interface JupiterHttp {
  get<T>(path: string, query: Record<string, string>, schema: z.ZodType<T>): Promise<VenueAnswer<T>>
  /** Not under the breaker, and as patient as told: what is posted may be at work while we wait. */
  post<T>(path: string, body: object, schema: z.ZodType<T>, timeoutMs: number): Promise<VenueAnswer<T>>
  health(): { readonly ready: boolean; readonly detail?: string }
  close(): Promise<void>
}

export const createJupiterHttp = ({ url, apiKey, registry }: JupiterOptions): JupiterHttp => {
  const agent = new Agent({ keepAliveTimeout: 15_000, connections: 16, connect: { timeout: CALL_TIMEOUT_MS } })
  const breaker = circuitBreaker(handleAll, { halfOpenAfter: PROBE_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_BREAK) })
  const headers: Record<string, string> = apiKey === undefined ? {} : { 'x-api-key': apiKey }
  const times = new Histogram({
    name: 'quantbot_venue_call_seconds',
    help: 'Calls to the swap venue by path and outcome',
    labelNames: ['path', 'outcome'] as const,
    buckets: [0.003, 0.01, 0.03, 0.1, 0.3, 1, 4],
    registers: [registry],
  })
  let lastError: string | undefined

  const measured = async <T>(path: string, call: () => Promise<VenueAnswer<T>>): Promise<VenueAnswer<T>> => {
    const started = monotonicMs()
    const answer = await call().catch(
      (error: unknown): VenueAnswer<T> => failed('unavailable', error instanceof Error ? error.message : String(error)),
    )
    times.observe({ path, outcome: answer.ok ? 'ok' : answer.error.kind }, (monotonicMs() - started) / 1000)
    return answer
  }

  return {
    get: async (path, query, schema) => {
      const target = `${url}${path}?${new URLSearchParams(query)}`
      const answer = await measured(path, () =>
        breaker.execute(() => ask(target, { dispatcher: agent, headers, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) }, schema)),
      )
      lastError = answer.ok || answer.error.kind !== 'unavailable' ? undefined : answer.error.detail
      return answer
    },
    post: (path, body, schema, timeoutMs) => {
      const sent = { method: 'POST' as const, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const waits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, signal: AbortSignal.timeout(timeoutMs) }
      return measured(path, () => ask(`${url}${path}`, { dispatcher: agent, ...sent, ...waits }, schema))
    },
    health: () => (lastError === undefined ? { ready: true } : { ready: false, detail: lastError }),
    // Calls that only wait for a verdict are given up: the chain tells it too.
    close: () => agent.destroy(),
  }
}

/** A quote older than this is no use to anybody. */
const CALL_TIMEOUT_MS = 3_000
const FAILURES_TO_BREAK = 5
const PROBE_AFTER_MS = 1_000

/** @throws on transport failures, overload and answers that are not Jupiter's: these count against the venue */
const ask = async <T>(url: string, options: Parameters<typeof request>[1], schema: z.ZodType<T>): Promise<VenueAnswer<T>> => {
  const { statusCode, body } = await request(url, options)
  const text = await body.text()
  if (statusCode === 429 || statusCode >= 500) throw new Error(`HTTP ${statusCode}`)
  const json: unknown = JSON.parse(text)
  if (statusCode < 400) {
    const parsed = schema.safeParse(json)
    if (parsed.success) return { ok: true, value: parsed.data }
    const issue = parsed.error.issues[0]
    const told = ErrorResponse.safeParse(json)
    // /order and /build may say an error with 200.
    if (told.success && isNoRoute(told.data)) return failed('no_route', describe(told.data))
    throw new Error(`unexpected answer: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const told = ErrorResponse.safeParse(json)
  // A definite no to this very question, whatever its name: asking it again would not change it.
  if (statusCode === 400 && told.success) return failed('no_route', describe(told.data))
  return failed('unavailable', `HTTP ${statusCode}: ${told.success ? describe(told.data) : text.slice(0, 200)}`)
}

const NO_ROUTE =
  /NO_ROUTES_FOUND|COULD_NOT_FIND_ANY_ROUTE|TOKEN_NOT_TRADABLE|CIRCULAR_ARBITRAGE|ROUTE_PLAN_DOES_NOT_CONSUME|no routes? found|not tradable/i
const isNoRoute = (told: Told): boolean => NO_ROUTE.test(describe(told))
const describe = ({ errorCode, error, message }: Told): string => [errorCode, error, message].filter(Boolean).join(': ')
type Told = z.infer<typeof ErrorResponse>

const failed = (kind: VenueError['kind'], detail: string): { ok: false; error: VenueError } => ({ ok: false, error: { kind, detail } })
