import { createServer, type Http2Server, constants as h2, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { status } from '@grpc/grpc-js'
import { createDeframer } from './deframer.ts'
import { CANCELLED, type CallStatus, OK, statusOf, UNAVAILABLE } from './status.ts'

/**
 * gRPC over node:http2, for the generated service definitions. Written out instead of grpc-js's Server because that one sends
 * every message as a write of its own; here a whole stretch of events goes out as one, which is what makes reads fast.
 */
export interface GrpcServer {
  readonly port: number
  /** Ends open calls (Read and BatchAppend as CANCELLED, others as UNAVAILABLE) and closes all connections. */
  stop(): Promise<void>
}

export interface GrpcCall {
  /** Aborted when the client cancels, its deadline passes, the connection breaks or the server stops. */
  readonly signal: AbortSignal
  /** Sends framed messages. False: wait for `drained` before the next one. */
  write(framed: Buffer): boolean
  drained(): Promise<void>
  end(callStatus: CallStatus): void
  /** Stops reading requests until `resume`. */
  pause(): void
  resume(): void
}

export interface Receiver {
  message(bytes: Buffer): void
  end(): void
}

export interface Route {
  readonly path: string
  /** Such a call has no natural end: a stopping server cancels it, and the client reconnects. */
  readonly longLived: boolean
  open(call: GrpcCall): Receiver
}

export interface ListenOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
}

/** Room for a full append, so that a 1 MiB request does not wait for window updates. */
const RECEIVE_WINDOW = 2 * 1024 * 1024
const STOP_GRACE_MS = 500
/** Node's default of 10 MB cuts a connection with a few hundred slow readers; each of them holds two outbox buffers at most. */
const SESSION_MEMORY_MB = 1_024

export const serveGrpc = async (routes: readonly Route[], { host, port }: ListenOptions): Promise<GrpcServer> => {
  const byPath = new Map(routes.map((route) => [route.path, route]))
  const sessions = new Set<ServerHttp2Session>()
  const open = new Set<(callStatus?: CallStatus) => void>()
  let stopping = false
  const server = createServer({ settings: { initialWindowSize: RECEIVE_WINDOW }, maxSessionMemory: SESSION_MEMORY_MB })

  server.on('session', (session) => {
    sessions.add(session)
    session.setLocalWindowSize(RECEIVE_WINDOW)
    session.on('error', () => session.destroy())
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    const route = byPath.get(headers[h2.HTTP2_HEADER_PATH] as string)
    stream.on('error', () => stream.close())
    if (route === undefined)
      return answerOnly(stream, { code: status.UNIMPLEMENTED, details: `unknown method ${headers[h2.HTTP2_HEADER_PATH]}` })
    const atStop = route.longLived ? CANCELLED : UNAVAILABLE
    if (stopping) return answerOnly(stream, atStop)
    const finish = runCall(stream, route, timeoutMs(headers['grpc-timeout'] as string | undefined), () => open.delete(stop))
    const stop = (): void => finish(atStop)
    open.add(stop)
  })
  await listen(server, host, port)

  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      stopping = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const stop of [...open]) stop()
      for (const session of sessions) session.close()
      const cut = setTimeout(() => {
        for (const session of sessions) session.destroy()
      }, STOP_GRACE_MS)
      await closed
      clearTimeout(cut)
    },
  }
}

const runCall = (stream: ServerHttp2Stream, route: Route, timeout: number | undefined, closed: () => void) => {
  const abort = new AbortController()
  let ended = false
  let wakeWriter: (() => void) | undefined
  const wake = (): void => {
    wakeWriter?.()
    wakeWriter = undefined
  }

  const end = (callStatus: CallStatus): void => {
    if (ended) return
    ended = true
    clearTimeout(deadline)
    if (!stream.headersSent && !stream.closed) answerOnly(stream, callStatus)
    else if (!stream.closed) {
      stream.once('wantTrailers', () => stream.sendTrailers(trailersOf(callStatus)))
      stream.end()
    }
    abort.abort()
    wake()
  }
  const deadline =
    timeout === undefined ? undefined : setTimeout(() => end({ code: status.DEADLINE_EXCEEDED, details: 'Deadline Exceeded' }), timeout)

  const call: GrpcCall = {
    signal: abort.signal,
    write(framed) {
      if (ended || stream.closed) return true
      if (!stream.headersSent) stream.respond(RESPONSE_HEADERS, { waitForTrailers: true })
      return stream.write(framed)
    },
    drained: () =>
      ended || !stream.writableNeedDrain
        ? Promise.resolve()
        : new Promise((resolve) => {
            wakeWriter = resolve
          }),
    end,
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
  }

  stream.on('drain', wake)
  stream.on('close', () => {
    ended = true
    clearTimeout(deadline)
    abort.abort()
    wake()
    closed()
  })
  try {
    const receiver = route.open(call)
    const deframe = createDeframer((message) => receiver.message(message))
    stream.on('data', (chunk: Buffer) => {
      if (ended) return
      try {
        deframe(chunk)
      } catch (error) {
        end(statusOf(error))
      }
    })
    stream.on('end', () => {
      if (!ended) receiver.end()
    })
  } catch (error) {
    end(statusOf(error))
  }
  return end
}

const RESPONSE_HEADERS = { ':status': 200, 'content-type': 'application/grpc' }

const answerOnly = (stream: ServerHttp2Stream, callStatus: CallStatus): void => {
  stream.respond({ ...RESPONSE_HEADERS, ...trailersOf(callStatus) }, { endStream: true })
  // the rest of the request is of no interest, but has to be taken in before the stream can close
  stream.resume()
}

const trailersOf = ({ code, details, trailers }: CallStatus): Record<string, string> => {
  const out: Record<string, string> = { 'grpc-status': String(code) }
  if (details !== '' || code !== OK.code) out['grpc-message'] = percentEncoded(details)
  for (const [name, value] of Object.entries(trailers ?? {})) out[name] = percentEncoded(value)
  return out
}

/** gRPC's encoding of status messages: printable ASCII but for `%` stays. */
const percentEncoded = (text: string): string => text.replace(/[^\x20-\x24\x26-\x7e]+/gu, encodeURIComponent)

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }
/** setTimeout fires at once beyond it; a deadline that far away is none. */
const MAX_TIMER_MS = 2 ** 31 - 1

const timeoutMs = (header: string | undefined): number | undefined => {
  const unit = header === undefined ? undefined : UNIT_MS[header.slice(-1)]
  if (header === undefined || unit === undefined) return undefined
  const ms = Number(header.slice(0, -1)) * unit
  return ms > MAX_TIMER_MS ? undefined : ms
}

const listen = (server: Http2Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
