import assert from 'node:assert/strict'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../../src/platform/clock.ts'
import { serveEvents } from '../../../src/platform/http/event-stream.ts'

describe('a stream of events', () => {
  it('ends at once for a client that went away while its request was looked at', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const answered = new Promise<'ended' | 'goes on'>((resolve, reject) => {
        server.on('request', (_req, res) => {
          // the look-up takes until the client has gone
          res.once('close', () => {
            const { signal } = new AbortController()
            const stream = ({ signal: gone }: { readonly signal: AbortSignal }) =>
              gone.aborted ? Promise.resolve(resolve('ended')) : Promise.resolve(resolve('goes on'))
            serveEvents(res, stream, { clock: systemClock, stopping: signal, headers: {} }).catch(reject)
          })
          request.destroy()
        })
      })
      const request = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      request.on('error', () => undefined)
      assert.equal(await answered, 'ended')
    } finally {
      server.close()
    }
  })
})
