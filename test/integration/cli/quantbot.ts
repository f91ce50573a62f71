import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { nodeArguments } from '../../../src/platform/node-arguments.ts'

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts the command as a child process with this environment on top. */
export const startQuantbot = (args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess =>
  spawn(process.execPath, [...nodeArguments('cli/main'), ...args], {
    env: { ...process.env, EVENTSTORE_URL: '', QUANTBOT_LOG: 'error', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** Runs the command to its end. */
export const quantbot = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = startQuantbot(args, env)
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
    })
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })

/** The first line a started command writes to stdout; undefined when it ends without one. */
export const firstLine = (child: ChildProcess): Promise<string | undefined> =>
  new Promise((resolve) => {
    const lines = createInterface({ input: child.stdout! })
    lines.once('line', resolve)
    lines.once('close', () => resolve(undefined))
  })

export const exitCode = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null ? Promise.resolve(child.exitCode) : new Promise((resolve) => child.once('exit', (code) => resolve(code)))
