import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Logger } from '../../platform/log.ts'
import type { Chance } from './chance.ts'
import type { FateBook } from './fates.ts'
import type { Faults, PortFaults } from './profile.ts'
import { serveSockets } from './sockets.ts'
import type { Tally } from './tally.ts'
import { createThrottle } from './throttle.ts'
import type { RpcAnswer, RpcRequest, Upstream } from './upstream.ts'
import { createView, failure, success } from './view.ts'

export interface HostilePort {
  readonly port: number
  readonly faults: () => PortFaults
  set(faults: PortFaults): void
  close(): Promise<void>
}

interface PortDeps {
  readonly index: number
  readonly listen: number
  readonly first: PortFaults
  readonly fates: FateBook
  readonly upstream: Upstream
  readonly slotMs: number
  readonly chance: Chance
  readonly tally: Tally
  readonly log: Logger
}

type Rate = { [K in keyof Faults]-?: NonNullable<Faults[K]> extends number ? K : never }[keyof Faults]

/** One endpoint of the front: faults of the connection here, untruths in its view. Methods of the local chain alone have no faults. */
export const servePort = async (deps: PortDeps): Promise<HostilePort> => {
  const { index, fates, upstream, chance, tally, log } = deps
  let faults = deps.first
  const view = createView({ port: index, faults: () => faults, fates, upstream, chance })
  const asked = new Map<string, number>()
  const throttle = createThrottle()

  /** What holds for a method: the port's faults, overruled by those of the method. */
  const faultsOf = (method: string): Faults => ({ ...faults, ...faults.methods?.[method] })
  const drawn = (method: string, n: number, kind: Rate, rate: number | undefined): boolean => {
    const hit = (rate ?? 0) > 0 && chance([index, method, kind], n) < (rate ?? 0)
    if (hit) tally.count(`fault:${index}:${kind}`)
    return hit
  }

  const answerOne = async (request: RpcRequest, n: number): Promise<RpcAnswer> => {
    const { method, params } = request
    if (method.startsWith('quantbot_')) return upstream.ask(request)
    tally.count(`call:${index}:${method}`)
    const instead = view.instead(request)
    if (instead) return { ...instead, id: request.id }
    if (method === 'sendTransaction' && Array.isArray(params)) {
      const sent = fates.send(String(params[0]), (params[1] as { encoding?: unknown } | undefined)?.encoding)
      const swallowed = sent && (!sent.forward || drawn(method, n, 'dropSend', faultsOf(method).dropSend))
      if (swallowed) return { ...success(sent.signature), id: request.id }
    }
    return view.rewrite(request, await upstream.ask(request))
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST') return void response.writeHead(405).end()
    const body = parse(await readText(request))
    const requests = (Array.isArray(body) ? body : [body]).filter(isRequest)
    if (requests.length === 0) return reply(response, JSON.stringify(failure(-32600, 'Invalid request')))
    const method = Array.isArray(body) ? 'batch' : requests[0]!.method
    const exempt = requests.every((one) => one.method.startsWith('quantbot_'))
    const n = (asked.get(method) ?? 0) + 1
    asked.set(method, n)
    const given: Faults = exempt ? {} : faultsOf(method)
    const hit = (kind: Rate) => drawn(method, n, kind, given[kind] as number | undefined)

    if (hit('reset')) return void request.socket.destroy()
    if (hit('halfOpen')) return
    const { perSecond, retryAfterS = 1 } = given
    const over = perSecond !== undefined && throttle.refuses(perSecond, retryAfterS * 1_000)
    if (over) tally.count(`fault:${index}:perSecond`)
    if (over || hit('tooMany')) return refuse(response, 429, 'Too many requests', { 'retry-after': String(retryAfterS) })
    if (hit('serverError')) return refuse(response, [500, 502, 503][n % 3]!, 'Server error')
    const delay = (given.latencyMs ?? 0) + (given.jitterMs ?? 0) * chance([index, method, 'jitter'], n)
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))

    const answers: RpcAnswer[] = []
    // In order: a batch that sends and then asks sees its own send.
    // Each draws its own lot: calls that travel together do not share their fate.
    for (const [i, one] of requests.entries()) answers.push(await answerOne(one, n + i / LOTS))
    const losable = requests.some((one) => one.method === 'sendTransaction')
    if (losable && drawn('sendTransaction', n, 'loseAnswer', faultsOf('sendTransaction').loseAnswer)) return void request.socket.destroy()
    const text = JSON.stringify(Array.isArray(body) ? answers : answers[0])
    if (hit('slow')) return trickle(response, text, given.slowMs ?? 1_000)
    reply(response, text)
  }

  const http = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      log.debug({ err: error, port: index }, 'the chain behind the front did not answer')
      request.socket.destroy()
    })
  })
  http.keepAliveTimeout = 65_000
  const connections = new Set<Socket>()
  http.on('connection', (socket) => {
    if (faults.dead) return void socket.destroy()
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
  })
  const sockets = serveSockets({ ...deps, http, faults: () => faults })
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(deps.listen, '127.0.0.1', resolve)
  })

  return {
    port: (http.address() as AddressInfo).port,
    faults: () => faults,
    set: (next) => {
      faults = next
      if (next.dead) for (const socket of connections) socket.destroy()
    },
    close: async () => {
      sockets.close()
      await new Promise((resolve) => {
        http.close(resolve)
        http.closeAllConnections()
      })
    },
  }
}

/** More than any batch has calls. */
const LOTS = 10_000

/** Pieces of a slow answer. */
const PIECES = 8

const trickle = async (response: ServerResponse, text: string, ms: number): Promise<void> => {
  const bytes = Buffer.from(text)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
  for (let piece = 0; piece < PIECES && !response.destroyed; piece++) {
    const [from, to] = [piece, piece + 1].map((p) => Math.floor((bytes.length * p) / PIECES))
    // each piece late, the last one too: a client has the whole answer only after `ms`
    await new Promise((resolve) => setTimeout(resolve, ms / PIECES))
    response.write(bytes.subarray(from, to))
  }
  response.end()
}

const reply = (response: ServerResponse, text: string): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(text)
}

const refuse = (response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void => {
  // Providers answer a refusal in JSON-RPC form too, and clients differ in which half they read.
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(failure(status, message)))
}

const isRequest = (value: unknown): value is RpcRequest =>
  typeof value === 'object' && value !== null && 'method' in value && typeof value.method === 'string'

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const readText = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
