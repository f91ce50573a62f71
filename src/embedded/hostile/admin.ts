import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FateBook } from './fates.ts'
import type { HostilePort } from './port.ts'
import { parseFates, parsePortFaults } from './profile.ts'
import type { Tally } from './tally.ts'

interface AdminDeps {
  readonly listen: number
  readonly ports: readonly HostilePort[]
  readonly fates: FateBook
  readonly tally: Tally
}

/**
 * Changes faults while the front runs, on the loopback alone: `GET /` tells faults and counts, `POST /ports/<n>` gives a port these
 * faults and no others, `POST /fates` the same for what becomes of new signatures, `POST /heal` ends all faults, `POST /counts/clear`.
 */
export const serveAdmin = async ({
  listen,
  ports,
  fates,
  tally,
}: AdminDeps): Promise<{ readonly port: number; close(): Promise<void> }> => {
  const state = () => ({
    ports: ports.map((one) => ({ port: one.port, faults: one.faults() })),
    fates: fates.current(),
    counts: tally.read(),
  })

  const heal = (): void => {
    for (const port of ports) port.set({})
    fates.set({})
  }
  const act = (path: string, body: unknown): void => {
    const index = /^\/ports\/(\d+)$/.exec(path)?.[1]
    const port = index === undefined ? undefined : ports[Number(index)]
    if (port) port.set(parsePortFaults(body))
    else if (path === '/fates') fates.set(parseFates(body))
    else if (path === '/heal') heal()
    else if (path === '/counts/clear') tally.clear()
    else throw new Error(`no such path: ${path}`)
  }

  const server = createServer((request, response) => {
    const answer = async () => {
      try {
        if (request.method === 'POST') act(request.url ?? '/', await readJson(request))
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(state()))
      } catch (error) {
        response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: String(error) }))
      }
    }
    void answer()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? {} : JSON.parse(text)
}
