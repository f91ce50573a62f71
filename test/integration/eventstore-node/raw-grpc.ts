import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { createDeframer, framed } from '../../../src/embedded/eventstore/wire/deframer.ts'

export interface RawCall {
  readonly stream: ClientHttp2Stream
  readonly messages: Buffer[]
  /** Trailers of the finished call. */
  readonly ended: Promise<Record<string, string>>
  send(message: { serializeBinary(): Uint8Array }): void
}

/** gRPC without the client: for requests it never sends, and for a reader that stops reading on a connection of its own. */
export const rawGrpc = (url: string): { open(path: string, headers?: Record<string, string>): RawCall; close(): void } => {
  const session: ClientHttp2Session = connect(url.replace(/^esdb:/, 'http:').replace(/\?.*$/, ''))
  return {
    open(path, headers = {}) {
      const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers })
      const messages: Buffer[] = []
      const deframe = createDeframer((message) => messages.push(Buffer.from(message)))
      let trailers: Record<string, string> = {}
      // a call that fails at once carries its status in the headers
      stream.on('response', (found) => Object.assign(trailers, found))
      stream.on('trailers', (found) => {
        trailers = { ...trailers, ...(found as Record<string, string>) }
      })
      stream.on('data', deframe)
      return {
        stream,
        messages,
        ended: new Promise((resolve, reject) => {
          stream.on('error', reject)
          stream.on('close', () => resolve(trailers))
        }),
        send: (message) => void stream.write(framed(message.serializeBinary())),
      }
    },
    close: () => session.close(),
  }
}
