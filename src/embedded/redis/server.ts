import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Logger } from '../../platform/log.ts'

// A cache that can be lost: nothing is saved, and what was used least goes first when it is full. Pub/sub does not count against it.
const SETTINGS = {
  bind: '127.0.0.1',
  save: '',
  appendonly: 'no',
  maxmemory: '256mb',
  'maxmemory-policy': 'allkeys-lru',
  daemonize: 'no',
  loglevel: 'warning',
} as const

export interface Server {
  readonly pid: number
  /** Resolves when the server is gone. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

/** Starts the server as our child; `dir` is its working folder (it writes nothing there). */
export const startServer = (command: string, port: number, log: Logger): Server => {
  const args = ['--port', String(port), ...Object.entries(SETTINGS).flatMap(([name, value]) => [`--${name}`, value])]
  const child = spawn(command, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of chunk.split('\n').filter(Boolean)) log.debug({ redis: line }, 'redis')
    })
  }
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 2_000) // it has nothing to save: two seconds are generous
    await ended
    clearTimeout(timer)
  }
  return { pid: child.pid ?? 0, ended, stop }
}

/** Resolves when the server answers PING; rejects when the signal aborts first. */
export const answersPing = async (port: number, signal: AbortSignal): Promise<void> => {
  for (;;) {
    signal.throwIfAborted()
    const socket = connect({ port, host: '127.0.0.1' })
    try {
      await once(socket, 'connect', { signal })
      socket.write('PING\r\n')
      const [answer] = await once(socket, 'data', { signal })
      if (String(answer).startsWith('+PONG')) return
    } catch (error) {
      if ((error as { code?: string }).code !== 'ECONNREFUSED') throw error
    } finally {
      socket.destroy()
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
