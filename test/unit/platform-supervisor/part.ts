// A part for the supervisor's tests. First argument: how it behaves; then its ports.
import { createServer } from 'node:net'
import { announceReady, stopWithParent } from '../../../src/platform/child.ts'
import { endAsUnavailable } from '../../../src/platform/unavailable.ts'

const [behaviour, ...ports] = process.argv.slice(2)
if (behaviour === 'unavailable') endAsUnavailable('part', 'there is none for this machine')
if (behaviour === 'broken') process.exit(1)

if (behaviour === 'silent') await new Promise(() => setInterval(() => {}, 1000))

const port = Number(ports[0])
const server = createServer((socket) => socket.end(String(process.pid)))
server.listen(port, '127.0.0.1', () => {
  if (behaviour === 'stubborn') {
    // what a part that hangs looks like: deaf to signals and to the end of its parent
    process.on('SIGTERM', () => {})
    setInterval(() => {}, 1000)
  } else stopWithParent(async () => void server.close())
  announceReady({ part: 'part', port, url: `tcp://127.0.0.1:${port}` })
})
