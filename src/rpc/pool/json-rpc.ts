import { Agent, request } from 'undici'
import { z } from 'zod'
import type { Clock } from '../../platform/clock.ts'
import { RpcFailure } from '../chain-error.ts'

export interface RpcCall {
  readonly method: string
  readonly params: readonly unknown[]
}

/** One answer of a batch: a result or the endpoint's own error. */
export type RpcAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }

/** JSON-RPC over HTTP with kept-alive connections. It never retries; web3.js' own client would, five times, behind our back. */
export interface Transport {
  /** One HTTP request for all calls; a single call goes unbatched. @throws RpcFailure when there is no answer to read */
  post(calls: readonly RpcCall[], options: { readonly signal: AbortSignal }): Promise<readonly RpcAnswer[]>
  close(): Promise<void>
}

/** Enough for bursts; what waits for a connection waits in the bulkhead, where it is seen. */
const CONNECTIONS = 64
/** Below the idle time after which usual servers and balancers close (60 s and more), so that no call runs into a closing connection. */
const KEEP_ALIVE_MS = 15_000
const CONNECT_TIMEOUT_MS = 2_000

export const createTransport = (url: string, clock: Clock, headers: Readonly<Record<string, string>> = {}): Transport => {
  const agent = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS, connections: CONNECTIONS, connect: { timeout: CONNECT_TIMEOUT_MS } })
  const post: Transport['post'] = async (calls, { signal }) => {
    const bodies = calls.map(({ method, params }, id) => ({ jsonrpc: '2.0', id, method, params }))
    const answer = await request(url, {
      dispatcher: agent,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(bodies.length === 1 ? bodies[0] : bodies),
      signal,
    })
    const { statusCode } = answer
    const text = await answer.body.text()
    if (statusCode === 429)
      throw new RpcFailure('limited', 'HTTP 429', { retryAfterMs: retryAfterMs(answer.headers['retry-after'], clock) })
    if (statusCode === 503 && answer.headers['retry-after'] !== undefined)
      throw new RpcFailure('limited', 'HTTP 503', { retryAfterMs: retryAfterMs(answer.headers['retry-after'], clock) })
    const read = readAnswers(text, calls.length)
    if (read) return read
    // Some nodes tell JSON-RPC errors with 4xx or 5xx; anything without such a body is the server's own failure.
    throw new RpcFailure('broken', statusCode >= 400 ? `HTTP ${statusCode}` : 'not an answer of JSON-RPC')
  }
  return { post, close: () => agent.destroy() }
}

const Answer = z.object({
  id: z.union([z.number(), z.string(), z.null()]).optional(),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).optional(),
})

/** Answers in the order of the calls; undefined where the text does not answer all of them. */
const readAnswers = (text: string, count: number): readonly RpcAnswer[] | undefined => {
  const json = parse(text)
  const parsed = count === 1 && !Array.isArray(json) ? Answer.safeParse(json) : z.array(Answer).safeParse(json)
  if (!parsed.success) return undefined
  const list = Array.isArray(parsed.data) ? parsed.data : [parsed.data]
  // A lone answer is the answer to the lone call, also when an error came without an id.
  if (count === 1) return list.length === 1 ? list.map(toAnswer) : undefined
  const byId = new Map(list.map((answer) => [Number(answer.id), answer]))
  const ordered = Array.from({ length: count }, (_, id) => byId.get(id))
  return ordered.every((answer) => answer !== undefined) ? ordered.map(toAnswer) : undefined
}

const toAnswer = ({ result, error }: z.infer<typeof Answer>): RpcAnswer => (error ? { error } : { result: result ?? null })

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Seconds or a date, as RFC 9110 has it. */
const retryAfterMs = (header: string | string[] | undefined, clock: Clock): number | undefined => {
  const text = Array.isArray(header) ? header[0] : header
  if (text === undefined) return undefined
  const seconds = Number(text)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000)
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.now())
}
