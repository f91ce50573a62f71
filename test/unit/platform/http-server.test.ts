import assert from 'node:assert/strict'
import { get } from 'node:http'
import { systemClock } from '../../../src/platform/clock.ts'
import { createHealthBoard } from '../../../src/platform/health.ts'
import { type Route, route } from '../../../src/platform/http/route.ts'
import { serveHttp } from '../../../src/platform/http/server.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import type { Logger } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'

describe('the HTTP edge', () => {
  const logged: string[] = []
  const log = { error: (_about: object, text: string) => logged.push(text) } as unknown as Logger
  const grant = { keyId: 'k', scopes: new Set(['read']), accounts: '*' } as const
  const serve = (one: Route) =>
    serveHttp(
      {
        ...{ routes: [one], keys: { find: () => grant as never }, health: createHealthBoard(), registry: createRegistry('test') },
        ...{ clock: systemClock, ids: systemIds, log },
      },
      '127.0.0.1',
      0,
    )

  it('takes a client that goes away while it waits for no fault of ours', async () => {
    let ended: (() => void) | undefined
    const over = new Promise<void>((resolve) => {
      ended = resolve
    })
    let leave: (() => void) | undefined
    const server = await serve(
      route({
        ...{ method: 'GET', path: '/wait', scope: 'read' },
        handle: async ({ signal }) => {
          leave?.()
          await systemClock.sleep(60_000, signal).finally(() => setImmediate(() => ended?.()))
          return { status: 200, body: null }
        },
      }),
    )
    try {
      const request = get(`${server.url}/wait`, { headers: { authorization: 'Bearer key' } })
      request.on('error', () => undefined)
      leave = () => void request.destroy()
      await over
      assert.deepEqual(logged, [])
    } finally {
      await server.close()
    }
  })
})
