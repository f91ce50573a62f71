import { Pool } from 'undici'
import { monotonicMs } from '../src/platform/clock.ts'

/** One request of a load. */
export interface Call {
  readonly method: 'POST' | 'DELETE' | 'GET'
  readonly path: string
  readonly body?: unknown
}
export interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}
export type Send = (call: Call) => Promise<Reply>

/** Kept-alive connections to one server; `connections` bounds what is in flight. */
export const httpClient = (url: string, key: string, connections: number): { readonly send: Send; close(): Promise<void> } => {
  const pool = new Pool(url, { connections, pipelining: 1 })
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return {
    send: async ({ method, path, body }) => {
      const response = await pool.request({ method, path, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
      return { status: response.statusCode, body: (await response.body.json()) as Record<string, unknown> }
    },
    close: () => pool.close(),
  }
}

/** Closed loop: `workers` at a time, each starting again when its work is done. Returns the work done per second. */
export const saturate = async (workers: number, ms: number, work: () => Promise<number>): Promise<number> => {
  const began = monotonicMs()
  const end = began + ms
  let finished = 0
  const worker = async (): Promise<void> => {
    while (monotonicMs() < end) {
      const done = await work()
      finished += done
    }
  }
  await Promise.all(Array.from({ length: workers }, worker))
  return (finished * 1000) / (monotonicMs() - began)
}

export interface OpenLoop {
  /** Latencies in ms, from the moment a request was due, whether or not it could be sent then. */
  readonly latencies: readonly number[]
  readonly perSecond: number
}

/** Open loop: requests are due at a fixed rate whatever the server does, so waiting behind a slow answer is counted. */
export const openLoop = async (perSecond: number, ms: number, work: () => Promise<unknown>): Promise<OpenLoop> => {
  const total = Math.floor((perSecond * ms) / 1000)
  const began = monotonicMs()
  const latencies: number[] = []
  const inFlight: Promise<void>[] = []
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((monotonicMs() - began) * perSecond) / 1000) + 1)
    for (; sent < due; sent++) {
      const dueAt = began + (sent * 1000) / perSecond
      inFlight.push(
        work().then(() => {
          latencies.push(monotonicMs() - dueAt)
        }),
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(inFlight)
  return { latencies, perSecond: (total * 1000) / (monotonicMs() - began) }
}
