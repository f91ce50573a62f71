import { createServer, type Server } from 'node:http'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import type { Clock } from '../clock.ts'
import type { HealthBoard } from '../health.ts'
import type { Ids } from '../ids.ts'
import type { Logger } from '../log.ts'
import { Counter, Histogram, type Registry } from '../metrics.ts'
import { authenticate, authorise } from './auth.ts'
import { untilGone, WENT_AWAY } from './client-gone.ts'
import { serveEvents } from './event-stream.ts'
import type { KeyRing } from './grant.ts'
import { BODY_LIMIT_BYTES, bodyFault, bodyTaken, parseInput, refuseEmptyBody } from './input.ts'
import { toJson } from './json-text.ts'
import { problemDocument, type Refusal, refusal } from './problem.ts'
import type { Reply, Route } from './route.ts'

export interface HttpDeps {
  readonly routes: readonly Route[]
  readonly keys: KeyRing
  readonly health: HealthBoard
  readonly registry: Registry
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
}

export interface HttpServer {
  readonly url: string
  readonly port: number
  /** Stops accepting, lets requests in flight end (bounded), then closes. */
  close(): Promise<void>
}

/** A request in flight at shutdown gets this long before its socket is cut. */
const DRAIN_MS = 5_000

/** Serves the routes on host:port (0 = any free port). Rejects when the port is taken. */
export const serveHttp = async (deps: HttpDeps, host: string, port: number): Promise<HttpServer> => {
  const stopping = new AbortController()
  const server = createServer(createApp(deps, stopping.signal))
  server.keepAliveTimeout = 65_000
  server.requestTimeout = 60_000
  await listen(server, host, port)
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : port
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return { url: `http://${shown}:${bound}`, port: bound, close: () => drain(server, stopping) }
}

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })

const drain = (server: Server, stopping: AbortController): Promise<void> =>
  new Promise((resolve) => {
    // streams have no end of their own
    stopping.abort(new Error('stopping'))
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })

const createApp = (deps: HttpDeps, stopping: AbortSignal): Express => {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  const observe = requestMetrics(deps.registry)

  app.get('/health/live', (_req, res) => sendJson(res, 200, { status: 'live' }))
  app.get('/health/ready', (_req, res) => {
    const report = deps.health.report()
    sendJson(
      res,
      report.ready ? 200 : 503,
      { status: report.ready ? 'ready' : 'not_ready', parts: report.parts },
      report.ready ? {} : { 'retry-after': '1' },
    )
  })
  app.get('/metrics', (req, res, next) => {
    if (!isLoopback(req)) return next()
    deps.registry.metrics().then((text) => res.setHeader('content-type', deps.registry.contentType).end(text), next)
  })

  const parseJson = express.json({ limit: BODY_LIMIT_BYTES, strict: false, type: () => true, verify: refuseEmptyBody })
  for (const route of deps.routes) {
    const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete'
    const handle = async (req: Request, res: Response): Promise<void> => {
      const began = deps.clock.now()
      const reply = await answer(deps, route, req, res)
      if ('stream' in reply && reply.stream) {
        const headers = { 'x-correlation-id': String(res.locals.correlationId) }
        const streamed = serveEvents(res, reply.stream, { clock: deps.clock, stopping, headers })
        streamed.catch((error: unknown) => deps.log.error({ err: error, path: req.path }, 'a stream broke'))
      } else sendReply(res, reply)
      observe(route, res.statusCode, deps.clock.now() - began)
    }
    app[method](
      route.path,
      (req, res, next) => {
        const refused = guard(deps, route, req, res)
        if (refused) return void bodyTaken(req).then(() => sendReply(res, { refusal: refused }))
        if (!route.body) return next()
        parseJson(req, res, next)
      },
      (req, res, next) => void handle(req, res).catch(next),
    )
  }
  app.use((req, res) => {
    const outcome = authenticate(deps.keys, req.headers.authorization)
    startCorrelation(deps, req, res)
    sendReply(res, { refusal: 'refusal' in outcome ? outcome.refusal : refusal('not_found', `no ${req.method} ${req.path.slice(0, 200)}`) })
  })
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
    if (error === WENT_AWAY) return
    startCorrelation(deps, req, res)
    const fault = bodyFault(error)
    if (!fault) deps.log.error({ err: error, path: req.path, correlationId: res.locals.correlationId }, 'request failed')
    if (res.headersSent) return void res.destroy()
    sendReply(res, { refusal: fault ?? refusal('internal', 'the fault was logged under the correlation id') })
  })
  return app
}

/** The refusals that need no body, in the contract's order: 401, 403, 415. */
const guard = (deps: HttpDeps, route: Route, req: Request, res: Response): Refusal | undefined => {
  startCorrelation(deps, req, res)
  const outcome = authenticate(deps.keys, req.headers.authorization)
  if ('refusal' in outcome) return outcome.refusal
  const forbidden = authorise(outcome.grant, route.scope)
  if (forbidden) return forbidden
  res.locals.grant = outcome.grant
  if (!route.body) return undefined
  if (!/^application\/json\s*(;|$)/i.test(req.headers['content-type'] ?? ''))
    return refusal('unsupported_media_type', 'send application/json')
  if (Number(req.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES)
    return refusal('payload_too_large', `at most ${BODY_LIMIT_BYTES} bytes`)
  return undefined
}

const answer = async (deps: HttpDeps, route: Route, req: Request, res: Response): Promise<Reply> => {
  const input = parseInput(route, req)
  if ('refusal' in input) return input
  const traceparent = req.headers.traceparent
  return route.handle({
    ...input,
    grant: res.locals.grant,
    correlationId: res.locals.correlationId,
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    lastEventId: first(req.headers['last-event-id']),
    receivedAt: deps.clock.now(),
    signal: untilGone(res),
  })
}

const first = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header)

const startCorrelation = (deps: HttpDeps, req: Request, res: Response): void => {
  if (res.locals.correlationId) return
  const given = req.headers['x-correlation-id']
  res.locals.correlationId = typeof given === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : deps.ids.uuid()
}

const sendReply = (res: Response, reply: Reply): void => {
  if ('refusal' in reply) {
    const document = problemDocument(reply.refusal, res.locals.correlationId)
    const after = reply.refusal.retryAfter ?? (document.status === 503 || document.status === 429 ? 1 : undefined)
    sendJson(res, document.status, document, {
      'content-type': 'application/problem+json',
      ...(after === undefined ? {} : { 'retry-after': String(after) }),
      ...(document.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    })
  } else sendJson(res, reply.status, reply.body, reply.headers)
}

const sendJson = (res: Response, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
  if (res.headersSent || res.destroyed) return
  const text = toJson(body)
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(res.locals.correlationId ? { 'x-correlation-id': res.locals.correlationId } : {}),
    ...headers,
  })
  res.end(text)
}

const isLoopback = (req: Request): boolean => /^(::1|(::ffff:)?127\.)/.test(req.socket.remoteAddress ?? '')

const requestMetrics = (registry: Registry) => {
  const labelNames = ['method', 'path', 'status'] as const
  const requests = new Counter({
    name: 'quantbot_http_requests_total',
    help: 'HTTP requests by route and status',
    labelNames,
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'quantbot_http_request_seconds',
    help: 'Time from the parsed head to the answer',
    labelNames: ['method', 'path'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 15],
    registers: [registry],
  })
  return (route: Route, status: number, ms: number): void => {
    requests.inc({ method: route.method, path: route.path, status: String(status) })
    seconds.observe({ method: route.method, path: route.path }, ms / 1000)
  }
}
