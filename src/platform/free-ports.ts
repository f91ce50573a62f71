import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below the range the kernel hands to outgoing connections (32768…60999 on Linux): while a part is down, no connection can take
// its port, and a client that keeps dialling it can't be connected to itself.
const LOWEST = 20_000
const HIGHEST = 32_000
const handedOut = new Set<number>()

/** `count` ports on the loopback that are free now; each is handed out once per process. */
export const freePorts = async (count: number): Promise<number[]> => {
  const ports: number[] = []
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > 1000) throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`)
    const port = randomInt(LOWEST, HIGHEST)
    if (handedOut.has(port) || !(await isFree(port))) continue
    handedOut.add(port)
    ports.push(port)
  }
  return ports
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
