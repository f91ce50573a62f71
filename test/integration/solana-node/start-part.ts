import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Connection, Keypair } from '@solana/web3.js'
import { nodeArguments } from '../../../src/platform/node-arguments.ts'

export interface RunningPart<R> {
  readonly ready: R
  readonly child: ChildProcess
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
}

/** Starts an embedded part as the product does and waits for its READY line. */
export const startPart = async <R>(entry: string, args: readonly string[]): Promise<RunningPart<R>> => {
  const child = spawn(process.execPath, [...nodeArguments(entry), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, QUANTBOT_LOG: 'warn' },
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const gone = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
  const ready = await new Promise<R>((done, fail) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('READY ')) done(JSON.parse(line.slice(6)) as R)
    })
    void gone.then((code) => fail(new Error(`${entry} ended with ${code} before READY: ${errors}`)))
  })
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    return gone
  }
  return { ready, child, kill: async () => void (await end('SIGKILL')), stop: () => end('SIGTERM') }
}

export interface ChainReady {
  readonly part: string
  readonly port: number
  readonly ports: readonly number[]
  readonly url: string
}

/** A chain in a folder of its own. `restart` opens the same folder again. */
export const startChain = async (slotMs: number, dir = mkdtempSync(join(tmpdir(), 'qb-chain-'))) => {
  const open = (ports: readonly number[] = [0, 0]) =>
    startPart<ChainReady>('embedded/solana/main', ['--db', dir, '--slot-ms', String(slotMs), '--ports', ports.join(',')])
  let part = await open()
  const opened: Connection[] = []
  const connection = (endpoint = 0, commitment: 'processed' | 'confirmed' | 'finalized' = 'confirmed') => {
    const port = part.ready.ports[endpoint]
    const config = { commitment, wsEndpoint: `ws://127.0.0.1:${port}`, disableRetryOnRateLimit: true }
    const connection = new Connection(`http://127.0.0.1:${port}`, config)
    opened.push(connection)
    return connection
  }
  const hangUp = (): void => opened.splice(0).forEach(endSocket)
  return {
    dir,
    connection,
    ready: () => part.ready,
    faucet: () => Keypair.fromSecretKey(Uint8Array.from(JSON.parse(readFileSync(join(dir, 'faucet.json'), 'utf8')) as number[])),
    kill: () => {
      hangUp()
      return part.kill()
    },
    restart: async (ports?: readonly number[]) => {
      part = await open(ports)
    },
    stop: async () => {
      hangUp()
      const code = await part.stop()
      rmSync(dir, { recursive: true, force: true })
      return code
    },
  }
}
export type Chain = Awaited<ReturnType<typeof startChain>>

/**
 * web3.js keeps its socket for 500 ms after the last subscription. Where the server ends meanwhile, it calls again every second for ever and
 * says so on stderr each time; it has no call of its own that ends this.
 */
export const endSocket = (connection: Connection): void => {
  const { _rpcWebSocket: socket } = connection as unknown as { _rpcWebSocket: { setAutoReconnect(on: boolean): void; close(): void } }
  socket.setAutoReconnect(false)
  socket.close()
}

/** One raw JSON-RPC call: the result, or the error object. */
export const rpc = async (
  url: string,
  method: string,
  ...params: unknown[]
): Promise<{ result?: unknown; error?: { code: number; message: string; data?: unknown } }> => {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) })
  return (await response.json()) as { result?: unknown; error?: { code: number; message: string; data?: unknown } }
}

/** Polls until `look` gives something; fails after `ms`. */
export const until = async <T>(look: () => Promise<T | undefined | false | null>, ms = 10_000): Promise<T> => {
  const deadline = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

/** Waits until a transaction is confirmed and gives its error. (confirmTransaction returns it or throws it, as the race goes.) */
export const outcome = async (connection: Connection, signature: string) =>
  (
    await until(async () => {
      const status = (await connection.getSignatureStatuses([signature], { searchTransactionHistory: true })).value[0]
      return status && status.confirmationStatus !== 'processed' && status
    })
  ).err
