import { connect, createServer, type Socket } from 'node:net'

export interface AnswerLosingProxy {
  readonly url: string
  /** From now on what the server says is thrown away; what the client says still arrives. */
  loseAnswers(): void
  /** Breaks every connection and serves new ones faithfully. */
  heal(): void
  close(): Promise<void>
}

/** A TCP proxy in front of an esdb:// server that can lose answers: appends are written and nobody is told. */
export const answerLosingProxy = async (esdbUrl: string): Promise<AnswerLosingProxy> => {
  const { hostname, port } = new URL(esdbUrl.replace(/^[a-z+]+:/, 'http:'))
  const sockets = new Set<Socket>()
  let losing = false
  const pipe = (from: Socket, to: Socket, pass: () => boolean): void => {
    sockets.add(from)
    from.on('data', (chunk) => {
      if (pass()) to.write(chunk)
    })
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
  }
  const server = createServer((client) => {
    const upstream = connect(Number(port || 2113), hostname)
    pipe(client, upstream, () => true)
    pipe(upstream, client, () => !losing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: esdbUrl.replace(/\/\/[^/?]*/, `//127.0.0.1:${(server.address() as { port: number }).port}`),
    loseAnswers: () => {
      losing = true
    },
    heal: () => {
      losing = false
      cut()
    },
    close: async () => {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
