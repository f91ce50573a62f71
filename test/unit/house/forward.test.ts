import { deepEqual, equal } from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Forward {
  readonly port: number
  close(): void
}
type StartForward = (port: number, target: number, host?: string) => Promise<Forward>

describe('the port forward of the local chain’s container', () => {
  it('passes a connection on both ways and ends it with either side', async () => {
    const { forward } = (await import(pathToFileURL(resolve('deploy/forward.mjs')).href)) as { forward: StartForward }
    const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
    await once(echo, 'listening')
    const open = await forward(0, (echo.address() as AddressInfo).port, '127.0.0.1')
    try {
      const client = connect(open.port, '127.0.0.1')
      client.write('ping')
      const [answer] = await once(client, 'data')
      equal(String(answer), 'ping')
      const ended = once(client, 'close')
      open.close()
      deepEqual(await ended, [false])
    } finally {
      echo.close()
    }
  })
})
