import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Logger } from '../../platform/log.ts'
import { processIdentity } from '../../platform/process-identity.ts'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'

// Every role holds a pool per shard, and all roles run in one process by default; tests add a pool per suite.
const MAX_CONNECTIONS = 200
// A fast shutdown takes 40 ms; past this the server is told to drop everything (it recovers from its log at the next start).
const FAST_STOP_MS = 3_000

export interface ServerOptions {
  readonly folder: string
  readonly binaries: Binaries
  readonly account: Account | undefined
  readonly port: number
  readonly noSync: boolean
  readonly log: Logger
}

export interface Server {
  readonly pid: number
  /** Resolves when the postmaster is gone. */
  readonly ended: Promise<void>
  /** The last lines it wrote, for a start that failed. */
  lastWords(): string
  stop(): Promise<void>
}

/** Starts the postmaster as our child. It is not yet ready to answer: see databases.ts. */
export const startServer = (options: ServerOptions): Server => {
  const { folder, binaries, account, port, log } = options
  const child = spawn(binaries.postgres, ['-D', folder, '-p', String(port), ...settings(options.noSync)], {
    ...account,
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const words: string[] = []
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    for (const line of chunk.split('\n').filter(Boolean)) {
      words.push(line)
      if (words.length > 10) words.shift()
      // Statements that fail are their caller's business; only what concerns the server itself is news.
      log[line.startsWith('PANIC') ? 'error' : line.startsWith('WARNING') ? 'warn' : 'debug']({ postgres: line }, 'postgres')
    }
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      words.push(error.message)
      resolve()
    })
  })
  return { pid: child.pid ?? 0, ended, lastWords: () => words.join(' | '), stop: () => stopServer(child, ended) }
}

const settings = (noSync: boolean): string[] =>
  Object.entries({
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: MAX_CONNECTIONS,
    shared_buffers: noSync ? '64MB' : '256MB',
    max_wal_size: '2GB',
    log_line_prefix: '',
    // Values of failing statements stay out of the log.
    log_min_error_statement: 'panic',
    ...(noSync ? { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' } : {}),
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`])

const stopServer = async (child: ChildProcess, ended: Promise<void>): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT') // fast shutdown: clients are cut off, nothing is lost
  const timer = setTimeout(() => child.kill('SIGQUIT'), FAST_STOP_MS)
  await ended
  clearTimeout(timer)
}

/**
 * Stops a postmaster that a killed wrapper left running on this cluster, and removes a lock file whose pid belongs to another
 * program by now (Postgres would refuse to start). Throws when the postmaster belongs to a living wrapper.
 */
export const stopOrphan = async (folder: string): Promise<'none' | 'stopped'> => {
  const lock = join(folder, 'postmaster.pid')
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0])
  if (!Number.isInteger(pid) || pid <= 1 || processIdentity(pid) === undefined) return 'none' // Postgres clears a dead pid's file itself
  const command = await commandOf(pid)
  if (command === undefined) throw new Error(`process ${pid} may be using ${folder} (${lock}); stop it or remove that file`)
  if (basename(command[0] ?? '') !== 'postgres' || !command.includes(folder)) {
    await rm(lock, { force: true })
    return 'none'
  }
  const parent = await commandOf(await parentOf(pid))
  if (parent?.some((word) => /embedded\/postgres\/main\.[jt]s$/.test(word)))
    throw new Error(`${folder} is in use by another process (${pid})`)
  const identity = processIdentity(pid)
  process.kill(pid, 'SIGINT')
  for (let waited = 0; processIdentity(pid) === identity; waited += 20) {
    if (waited === FAST_STOP_MS) process.kill(pid, 'SIGQUIT')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return 'stopped'
}

/** Words of the command line; undefined where there is no /proc to read it from. */
const commandOf = async (pid: number): Promise<string[] | undefined> => {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  return line?.split('\0').filter(Boolean)
}

const parentOf = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
}
