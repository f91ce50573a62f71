import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A real HTTP server before a real node that can be made slow, strict or dead while it runs. */
export interface Front {
  readonly url: string
  readonly faults: Faults
  /** HTTP requests and the methods in them. */
  requests(): number
  calls(method?: string): number
  close(): Promise<void>
}

export interface Faults {
  delayMs: number
  /** Answers 429; with this Retry-After when it is set. */
  limited: boolean
  retryAfter: string | undefined
  status: number | undefined
  /** Takes requests and never answers. */
  hangs: boolean
  /** Never answers requests with this method in them. */
  holds: string | undefined
  /** Refuses JSON-RPC batches. */
  refusesBatches: boolean
  /** Changes an answer of a method before it goes out. */
  change: ((method: string, answer: { result?: unknown; error?: unknown }, params: readonly unknown[]) => unknown) | undefined
}

interface Request {
  readonly id: unknown
  readonly method: string
  readonly params?: readonly unknown[]
}

interface Answer {
  readonly id: unknown
  readonly result?: unknown
  readonly error?: unknown
}

export const openFront = async (upstream: string): Promise<Front> => {
  const faults: Faults = {
    ...{ delayMs: 0, limited: false, hangs: false, refusesBatches: false },
    ...{ retryAfter: undefined, status: undefined, holds: undefined, change: undefined },
  }
  const counts = new Map<string, number>()
  let requests = 0

  const server: Server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    requests++
    const body = JSON.parse(text) as Request | Request[]
    const all = Array.isArray(body) ? body : [body]
    for (const { method } of all) counts.set(method, (counts.get(method) ?? 0) + 1)
    if (faults.hangs || all.some(({ method }) => method === faults.holds)) return
    if (faults.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, faults.delayMs))
    if (faults.limited)
      return void response.writeHead(429, faults.retryAfter === undefined ? {} : { 'retry-after': faults.retryAfter }).end('slow down')
    if (faults.status !== undefined) return void response.writeHead(faults.status).end('broken')
    if (faults.refusesBatches && Array.isArray(body)) return void response.writeHead(400).end('no batches')
    const upstreamAnswer = await fetch(upstream, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text })
    const answers = (await upstreamAnswer.json()) as Answer[] | Answer
    const changed = (Array.isArray(answers) ? answers : [answers]).map((answer) => {
      const asked = all.find(({ id }) => id === answer.id)
      return asked && faults.change ? faults.change(asked.method, answer, asked.params ?? []) : answer
    })
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(Array.isArray(answers) ? changed : changed[0]))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    faults,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    calls: (method) => (method === undefined ? [...counts.values()].reduce((sum, n) => sum + n, 0) : (counts.get(method) ?? 0)),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
