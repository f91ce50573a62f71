// Passes TCP connections on: the embedded chain and venue listen on the loopback only, a container's neighbours come from outside.
import { connect, createServer } from 'node:net'

/** Listens on `port` of `host` and passes every connection on to `target` on the loopback; resolves to the port and a close. */
export function forward(port, target, host = '0.0.0.0') {
  const open = new Set()
  const server = createServer((from) => {
    const to = connect(target, '127.0.0.1')
    for (const socket of [from, to]) {
      open.add(socket)
      socket.on('error', () => {}) // the other end is cut by 'close'
      socket.once('close', () => {
        open.delete(socket)
        from.destroy()
        to.destroy()
      })
    }
    from.pipe(to).pipe(from)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () =>
      resolve({
        port: server.address().port,
        close: () => {
          for (const socket of open) socket.destroy()
          server.close()
        },
      }),
    )
  })
}
