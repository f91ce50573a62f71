import { type ChildProcess, spawn } from 'node:child_process'
import { PARENT_PIPE, type PartReady } from './child.ts'
import { nodeArguments } from './node-arguments.ts'
import { UNAVAILABLE } from './unavailable.ts'

/** What a part says of itself when it serves; parts with several addresses add `urls`, others may add fields of their own. */
export interface PartAnnouncement extends PartReady {
  readonly urls?: readonly string[]
  readonly [extra: string]: unknown
}

export type PartStart =
  | { readonly kind: 'ready'; readonly announcement: PartAnnouncement }
  /** This machine can't provide the part (exit code 3). */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** It ended before it was ready: its port may have been taken meanwhile, another try is worth it. */
  | { readonly kind: 'broken'; readonly reason: string }
  /** It was not ready in time. */
  | { readonly kind: 'silent'; readonly reason: string }

export interface PartProcess {
  readonly pid: number
  readonly started: Promise<PartStart>
  /** Resolves, never rejects, when the process is gone. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** SIGTERM, SIGKILL to its whole process group after the grace period; resolves when it is gone. */
  stop(): Promise<void>
}

// A part flushes and closes within a second; the contract gives it five.
const STOP_GRACE_MS = 5_000

// Secrets that no part has a use for.
const WITHHELD = ['QUANTBOT_KEYSTORE_PASSWORD', 'VENUE_API_KEY', 'DATABASE_URLS']

/** Starts one part as a child: the compiled sibling when we run compiled, the source through tsx when we run from source. */
export const spawnPart = (
  entry: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  readyTimeoutMs: number,
): PartProcess => {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !WITHHELD.includes(name)))
  const child = spawn(process.execPath, [...nodeArguments(entry), ...args], {
    env: { ...inherited, ...env, [PARENT_PIPE]: '1' },
    // stdin tells the child when we are gone; stderr is passed on as it is, so that its last words survive us.
    stdio: ['pipe', 'pipe', 'inherit'],
    // A process group of its own: Ctrl-C in a terminal reaches us alone, and we stop the parts in order.
    detached: true,
  })
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => child.pid === undefined && resolve({ code: 127, signal: null }))
  })
  child.stdin?.on('error', () => {}) // the child went first: `ended` tells
  return { pid: child.pid ?? 0, started: startOf(child, ended, readyTimeoutMs), ended, stop: () => stopChild(child, ended) }
}

const startOf = async (child: ChildProcess, ended: PartProcess['ended'], readyTimeoutMs: number): Promise<PartStart> => {
  let unavailable: string | undefined
  let timer: NodeJS.Timeout | undefined
  const announced = new Promise<PartStart>((resolve) => {
    let pending = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (pending + chunk).split('\n')
      pending = lines.pop() ?? ''
      for (const line of lines) {
        if (line.startsWith('READY ')) resolve({ kind: 'ready', announcement: JSON.parse(line.slice('READY '.length)) })
        else if (line.startsWith('UNAVAILABLE ')) unavailable = JSON.parse(line.slice('UNAVAILABLE '.length)).reason
        else if (line !== '') process.stderr.write(`${line}\n`) // stdout is ours alone
      }
    })
    timer = setTimeout(() => resolve({ kind: 'silent', reason: `not ready after ${readyTimeoutMs / 1000} s` }), readyTimeoutMs)
  })
  const gone = ended.then(async ({ code, signal }): Promise<PartStart> => {
    // What it wrote just before it ended is still in the pipe.
    if (child.stdout && !child.stdout.readableEnded) await new Promise((resolve) => child.stdout?.once('close', resolve))
    if (code === UNAVAILABLE) return { kind: 'unavailable', reason: unavailable ?? 'it cannot run on this machine' }
    return { kind: 'broken', reason: signal ? `killed by ${signal} before it was ready` : `ended with ${code} before it was ready` }
  })
  try {
    return await Promise.race([announced, gone])
  } finally {
    clearTimeout(timer)
  }
}

const stopChild = async (child: ChildProcess, ended: PartProcess['ended']): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  const timer = setTimeout(() => killGroup(child), STOP_GRACE_MS)
  await ended
  clearTimeout(timer)
}

const killGroup = (child: ChildProcess): void => {
  try {
    if (child.pid) process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
}
