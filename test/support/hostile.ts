import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { nodeArguments } from '../../src/platform/node-arguments.ts'

/** Faults of one port and fates of transactions as src/embedded/hostile/profile.ts names them. */
export type PortFaults = Readonly<Record<string, unknown>>
export interface HostileProfile {
  readonly ports?: readonly PortFaults[]
  readonly fates?: Readonly<Partial<Record<'lost' | 'late' | 'ghost' | 'rollback', number>>>
}

/** A running front, to be closed by whoever started it. */
export interface Hostile {
  readonly urls: readonly string[]
  /** Gives one port these faults and no others. */
  setPort(index: number, faults: PortFaults): Promise<void>
  setFates(fates: HostileProfile['fates']): Promise<void>
  /** Ends all faults; what is held back is still released. */
  heal(): Promise<void>
  clearCounts(): Promise<void>
  /** How often each fault was done and each method asked: `fault:<port>:<kind>`, `call:<port>:<method>`, `fate:<kind>`. */
  counts(): Promise<Readonly<Record<string, number>>>
  close(): Promise<void>
}

export interface HostileOptions {
  /** The chain behind it. */
  readonly upstream: string
  readonly ports?: number
  readonly seed?: number
  readonly profile?: HostileProfile | 'calm' | 'storm'
  readonly slotMs?: number
}

/** Starts a hostile front before a chain, as the product does. @throws when it does not get ready */
export const startHostile = async (options: HostileOptions): Promise<Hostile> => {
  const { upstream, ports = 2, seed = 1, profile = 'calm', slotMs = 50 } = options
  const given = typeof profile === 'string' ? profile : JSON.stringify(profile)
  const flags = ['--upstream', upstream, '--ports', String(ports), '--seed', String(seed), '--slot-ms', String(slotMs), '--profile', given]
  const child = spawn(process.execPath, [...nodeArguments('embedded/hostile/main'), ...flags], {
    env: { ...process.env, QUANTBOT_LOG: process.env.QUANTBOT_LOG ?? 'error', QUANTBOT_PARENT_PIPE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { urls, admin } = await ready(child)
  const ask = async (path: string, body?: object): Promise<{ counts: Record<string, number> }> => {
    const response = await fetch(admin + path, body ? { method: 'POST', body: JSON.stringify(body) } : {})
    const answer = (await response.json()) as { error?: string; counts: Record<string, number> }
    if (answer.error) throw new Error(answer.error)
    return answer
  }
  return {
    urls,
    setPort: async (index, faults) => void (await ask(`/ports/${index}`, faults)),
    setFates: async (fates) => void (await ask('/fates', fates ?? {})),
    heal: async () => void (await ask('/heal', {})),
    clearCounts: async () => void (await ask('/counts/clear', {})),
    counts: async () => (await ask('/')).counts,
    close: () => ended(child),
  }
}

const ready = (child: ChildProcess): Promise<{ urls: string[]; admin: string }> =>
  new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line.startsWith('READY ')) resolve(JSON.parse(line.slice('READY '.length)) as { urls: string[]; admin: string })
    })
    child.once('exit', (code) => reject(new Error(`the hostile front ended with ${code}`)))
  })

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
