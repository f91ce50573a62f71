import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keypair } from '@solana/web3.js'
import { cpuMsOf, startPart } from '../harness-process.ts'

/** A fresh local chain with the hostile front before it. */
export interface BenchChain {
  /** The chain's own endpoints. */
  readonly chain: readonly string[]
  /** The front's ports. */
  readonly front: readonly string[]
  readonly folder: string
  /** CPU time that the chain has used so far, ms; null where the system does not tell. */
  cpuMs(): number | null
  faucet(): Keypair
  /** Replaces the faults of one port, the fates, or ends all (`/heal`). */
  admin(path: string, body?: object): Promise<{ readonly counts: Readonly<Record<string, number>> }>
  close(): Promise<void>
}

export const startBenchChain = async (options: FrontOptions): Promise<BenchChain> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-rpc-'))
  const node = await startPart('embedded/solana/main', ['--db', folder, '--slot-ms', String(options.slotMs), '--ports', '0,0'])
  const ports = node.announcement.ports as number[]
  const chain = ports.map((port) => `http://127.0.0.1:${port}`)
  const front = await startFront(chain[0]!, options)
  return {
    chain,
    front: front.urls,
    folder,
    cpuMs: () => cpuMsOf(node.pid),
    faucet: () => Keypair.fromSecretKey(Uint8Array.from(JSON.parse(readFileSync(join(folder, 'faucet.json'), 'utf8')) as number[])),
    admin: front.admin,
    close: async () => {
      await front.close()
      await node.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Front extends Pick<BenchChain, 'admin' | 'close'> {
  readonly urls: readonly string[]
}

interface FrontOptions {
  readonly slotMs: number
  readonly ports: number
  readonly seed: number
  readonly profile: string
}

/** A hostile front before a chain. */
export const startFront = async (upstream: string, { slotMs, ports, seed, profile }: FrontOptions): Promise<Front> => {
  const front = await startPart('embedded/hostile/main', [
    ...['--upstream', upstream, '--ports', String(ports), '--seed', String(seed)],
    ...['--profile', profile, '--slot-ms', String(slotMs)],
  ])
  return {
    urls: front.announcement.urls ?? [],
    admin: async (path, body) => {
      const answer = await fetch(`${String(front.announcement.admin)}${path}`, body ? { method: 'POST', body: JSON.stringify(body) } : {})
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
      return (await answer.json()) as { counts: Record<string, number> }
    },
    close: front.stop,
  }
}

/** One raw JSON-RPC call. @throws on an error answer */
export const rpc = async <T>(url: string, method: string, ...params: unknown[]): Promise<T> => {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) })
  const { result, error } = (await response.json()) as { result: T; error?: { message: string } }
  if (error) throw new Error(`${method}: ${error.message}`)
  return result
}

/** Of these signatures, those that the chain itself executed without an error. */
export const executedOf = async (url: string, signatures: readonly string[]): Promise<ReadonlySet<string>> => {
  const executed = new Set<string>()
  for (let from = 0; from < signatures.length; from += 256) {
    const part = signatures.slice(from, from + 256)
    const { value } = await rpc<{ value: ({ err: unknown } | null)[] }>(url, 'getSignatureStatuses', part, {
      searchTransactionHistory: true,
    })
    for (const [i, status] of value.entries()) if (status && status.err === null) executed.add(part[i]!)
  }
  return executed
}
