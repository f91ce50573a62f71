import { connect, createServer, type Socket } from 'node:net'

export interface CuttableProxy {
  readonly url: string
  /** Breaks every connection; new ones are served. */
  cut(): void
  /** Keeps connections open but passes nothing on any more, in either direction. */
  stall(): void
  close(): Promise<void>
}

/** A TCP proxy in front of an esdb:// server on this machine. */
export const cuttableProxy = async (esdbUrl: string): Promise<CuttableProxy> => {
  const { hostname, port } = new URL(esdbUrl.replace(/^[a-z+]+:/, 'http:'))
  const sockets = new Set<Socket>()
  let stalled = false
  const server = createServer((client) => {
    const upstream = connect(Number(port || 2113), hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (!stalled) to.write(chunk)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: own } = server.address() as { port: number }
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: esdbUrl.replace(/\/\/[^/?]*/, `//127.0.0.1:${own}`),
    cut,
    stall: () => {
      stalled = true
    },
    close: async () => {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
