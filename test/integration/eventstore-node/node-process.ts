import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { monotonicMs } from '../../../src/platform/clock.ts'
import { nodeArguments } from '../../../src/platform/node-arguments.ts'

export interface NodeProcess {
  readonly url: string
  readonly port: number
  readonly startMs: number
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

export interface StartOptions {
  readonly db: string
  readonly flags?: readonly string[]
  /** A bash prefix, to set limits that the node inherits: `ulimit -f 20480`. */
  readonly shell?: string
}

/** Starts the embedded node as the product does, by path in a process of its own. Rejects with its log when it ends before READY. */
export const startNodeProcess = async ({ db, flags = [], shell }: StartOptions): Promise<NodeProcess> => {
  const began = monotonicMs()
  const command = [process.execPath, ...nodeArguments('embedded/eventstore/main'), '--db', db, '--node-port', '0', '--insecure', ...flags]
  const child =
    shell === undefined
      ? spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn('bash', ['-c', `${shell}; exec "$@"`, 'bash', ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }) as Awaited<NodeProcess['exited']>)
  const ready = await waitUntilReady(child, exited)
  return {
    ...ready,
    startMs: monotonicMs() - began,
    exited,
    end(signal) {
      child.kill(signal)
      return exited
    },
  }
}

const waitUntilReady = async (child: ChildProcess, exited: NodeProcess['exited']): Promise<{ url: string; port: number }> => {
  let log = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const ready = new Promise<{ url: string; port: number }>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line.startsWith('READY ')) resolve(JSON.parse(line.slice('READY '.length)) as { url: string; port: number })
    })
  })
  return Promise.race([
    ready,
    exited.then(({ code, signal }) => Promise.reject(new Error(`the node ended (${code ?? signal}) before it was ready: ${log}`))),
  ])
}
