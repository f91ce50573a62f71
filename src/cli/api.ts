import { systemClock } from '../platform/clock.ts'

/** A JSON document of the API, read field by field. */
export type Json = { readonly [field: string]: unknown }

export interface ApiReply {
  readonly status: number
  readonly body: Json
  readonly headers: Headers
}

/** The product as a client sees it. */
export interface Api {
  /** One request. Any HTTP status is an answer. @throws when there is none */
  call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<ApiReply>
  /** The same until there is a definite answer: repeats after a lost connection, 429, 503 and an unknown outcome. @throws after `PATIENCE_MS` */
  persist(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<ApiReply>
  /** Every row of a list, page by page. @throws when a page is refused */
  rows(path: string, minPosition?: string): AsyncIterable<Json>
}

const REQUEST_MS = 15_000
const PATIENCE_MS = 90_000
const PAUSE_MS = 150
const PAGE = 500

export const apiClient = (base: string, key: string): Api => {
  const call: Api['call'] = async (method, path, body) => {
    const response = await fetch(base + path, {
      method,
      signal: AbortSignal.timeout(REQUEST_MS),
      headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Json), headers: response.headers }
  }
  const persist: Api['persist'] = async (method, path, body) => {
    const end = systemClock.now() + PATIENCE_MS
    for (;;) {
      const reply = await call(method, path, body).catch((error: unknown) => {
        if (systemClock.now() > end) throw error
        return undefined
      })
      if (reply && !UNDECIDED.has(reply.status)) return reply
      if (systemClock.now() > end) throw new Error(`${method} ${path}: still ${reply?.status} after ${PATIENCE_MS / 1000} s`)
      await systemClock.sleep(Number(reply?.headers.get('retry-after') ?? 0) * 1000 || PAUSE_MS)
    }
  }
  async function* rows(path: string, minPosition?: string): AsyncIterable<Json> {
    let cursor: string | null = null
    do {
      const query = new URLSearchParams({ limit: String(PAGE), ...(minPosition ? { minPosition } : {}), ...(cursor ? { cursor } : {}) })
      const { status, body } = await persist('GET', `${path}${path.includes('?') ? '&' : '?'}${query}`)
      if (status !== 200) throw new Error(`GET ${path}: ${status} ${String(body.detail ?? '')}`)
      yield* body.data as readonly Json[]
      cursor = (body.nextCursor ?? null) as string | null
    } while (cursor !== null)
  }
  return { call, persist, rows }
}

const UNDECIDED = new Set([202, 429, 500, 503])
