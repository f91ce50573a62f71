import { parseArgs } from 'node:util'
import { announceReady, stopWithParent } from '../../platform/child.ts'
import { freePorts } from '../../platform/free-ports.ts'
import { createLog } from '../../platform/log.ts'
import { endAsUnavailable } from '../../platform/unavailable.ts'
import { resolveRedis } from './resolve.ts'
import { answersPing, type Server, startServer } from './server.ts'

/** The embedded Redis: --port P (0 = any). A cache on the loopback; exit 3 where no server can be had. */
const { values: flags } = parseArgs({ options: { port: { type: 'string', default: '0' } } })
const log = createLog('redis')
const stopping = new AbortController()
let server: Server | undefined

stopWithParent(async () => {
  stopping.abort()
  await server?.stop()
})

const found = await resolveRedis(log, stopping.signal)
if (!found.ok) endAsUnavailable('redis', found.reason)
else if (!stopping.signal.aborted) await serve(found.command)

async function serve(command: string) {
  const port = Number(flags.port) || (await freePorts(1))[0]!
  server = startServer(command, port, log)
  const { pid, ended } = server
  ended.then(() => {
    if (stopping.signal.aborted) return
    log.error('the server ended by itself')
    process.exit(1)
  })
  await answersPing(port, stopping.signal)
  announceReady({ part: 'redis', port, pid, url: `redis://127.0.0.1:${port}` })
}
