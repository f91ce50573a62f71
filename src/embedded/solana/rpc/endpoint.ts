import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../../../platform/log.ts'
import type { Ledger } from '../ledger.ts'
import { accountMethods } from './account-methods.ts'
import { adminMethods } from './admin.ts'
import { clusterMethods } from './cluster.ts'
import { historyMethods } from './history-methods.ts'
import { dispatch, type Methods, parseError } from './json-rpc.ts'
import { type SendOptions, sendMethods } from './send.ts'
import { createSubscriptions } from './subscriptions.ts'
import { createView, type View } from './view.ts'

export interface Endpoint {
  readonly port: number
  close(): Promise<void>
}

/** Serves one view of the ledger: JSON-RPC over HTTP and, on the same port, over WebSocket. */
export const serveEndpoint = async (ledger: Ledger, port: number, options: SendOptions, log: Logger): Promise<Endpoint> => {
  const view = createView(ledger)
  const methods: Methods = {
    ...clusterMethods(view),
    ...accountMethods(view),
    ...historyMethods(view),
    ...sendMethods(view, options),
    ...adminMethods(view),
  }
  const http = createServer((request, response) => {
    if (request.method !== 'POST') {
      const healthy = !view.faults.unhealthy
      response.writeHead(request.url === '/health' ? 200 : 405, { 'content-type': 'text/plain' })
      response.end(healthy ? 'ok' : 'behind')
      return
    }
    const reply = async () => {
      const body = await readBody(request)
      const answer = body === undefined ? undefined : await answerText(view, methods, body, log)
      if (body === undefined) response.writeHead(413).end()
      else if (answer === undefined) response.writeHead(204).end()
      else response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
    }
    reply().catch((error: unknown) => {
      log.debug({ err: error }, 'request broke off')
      response.destroy()
    })
  })
  // Longer than the idle time of usual client pools, so that a client never sends into a connection we are closing.
  http.keepAliveTimeout = 65_000
  const sockets = new WebSocketServer({ server: http, maxPayload: MAX_BODY })
  sockets.on('connection', (socket) => serveSocket(view, methods, socket, log))
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    // The server's errors come up here too, and without a listener they would end the process as unhandled.
    sockets.on('error', reject)
    http.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (http.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate()
        sockets.close()
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  }
}

/** Far above any legitimate request (100 addresses, one transaction). */
const MAX_BODY = 1_000_000

const serveSocket = (view: View, methods: Methods, socket: WebSocket, log: Logger) => {
  const subscriptions = createSubscriptions(view, socket)
  const all = { ...methods, ...subscriptions.methods }
  socket.on('message', (data) => {
    answerText(view, all, data.toString(), log)
      .then((answer) => {
        if (answer !== undefined && socket.readyState === socket.OPEN) socket.send(answer)
      })
      .catch((error: unknown) => log.error({ err: error }, 'answer failed'))
  })
  socket.on('error', (error) => log.debug({ err: error }, 'socket failed'))
  socket.on('close', () => subscriptions.close())
}

const answerText = async (view: View, methods: Methods, text: string, log: Logger): Promise<string | undefined> => {
  if (view.faults.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, view.faults.latencyMs))
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return JSON.stringify(parseError())
  }
  const answer = await dispatch(methods, body, view.ledger.durable, log)
  return answer === undefined ? undefined : JSON.stringify(answer)
}

/** The body as text; undefined when it is too large. */
const readBody = (request: IncomingMessage): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_BODY) chunks.push(chunk)
    })
    request.on('end', () => resolve(size > MAX_BODY ? undefined : Buffer.concat(chunks).toString('utf8')))
    request.on('error', reject)
  })
