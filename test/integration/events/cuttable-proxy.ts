import { connect, createServer, type Socket } from 'node:net'

export interface CuttableProxy {
  readonly url: string
  /** Breaks every connection; new ones are served. */
  cut(): void
  /** Keeps connections open but passes nothing on any more, in either direction. */
  stall(): void
  /** Refuses new connections and breaks those there are, until told otherwise. */
  split(on: boolean): void
  /** Passes everything on this much later. */
  delay(ms: number): void
  close(): Promise<void>
}

/** A TCP proxy in front of a server on this machine, which its URL names. */
export const cuttableProxy = async (serverUrl: string): Promise<CuttableProxy> => {
  const { hostname, port } = new URL(serverUrl.replace(/^[a-z+]+:/, 'http:'))
  const sockets = new Set<Socket>()
  let stalled = false
  let apart = false
  let late = 0
  const server = createServer((client) => {
    if (apart) return void client.destroy()
    const upstream = connect(Number(port || 2113), hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (stalled) return
        if (late === 0) to.write(chunk)
        else setTimeout(() => to.writable && to.write(chunk), late)
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
    url: serverUrl.replace(/\/\/[^/?]*/, `//127.0.0.1:${own}`),
    cut,
    stall: () => {
      stalled = true
    },
    split: (on) => {
      apart = on
      if (on) cut()
    },
    delay: (ms) => {
      late = ms
    },
    close: async () => {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
