import { request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly text: string
  readonly header: (name: string) => string | undefined
}

export interface Send {
  readonly method: string
  readonly path: string
  readonly authorization?: string | undefined
  readonly contentType?: string | undefined
  readonly body?: string | Buffer
  /** Sends the body without saying its length first. */
  readonly chunked?: boolean
}

/** One request byte for byte as given: fetch would mend a bad path, a missing content type or a body on a GET. */
export const send = (base: string, { method, path, authorization, contentType, body, chunked = false }: Send): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    }
    const sent = request({ host: hostname, port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      const done = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? '',
          text: Buffer.concat(chunks).toString('utf8'),
          header: (name) => {
            const value = response.headers[name]
            return Array.isArray(value) ? value[0] : value
          },
        })
      response.on('end', done)
      // a stream has no end: its first event is the answer
      if (response.headers['content-type'] === 'text/event-stream')
        response.once('data', () => {
          done()
          sent.destroy()
        })
    })
    sent.setTimeout(30_000, () => sent.destroy(new Error('no answer in 30 s')))
    // a server that refuses a large body early may cut the rest of it: the answer counts
    sent.on('error', reject)
    sent.end(body)
  })
