import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

// Postgres and pgbouncer as Debian packages them. The embedded Postgres brings no pg_basebackup, and no npm package brings pgbouncer.

const LIB = '/usr/lib/postgresql'

/** Folder of Debian's newest Postgres programs; undefined where there is none. */
export const debianPostgres = (): string | undefined => {
  const versions = existsSync(LIB) ? readdirSync(LIB).filter((name) => existsSync(join(LIB, name, 'bin', 'pg_basebackup'))) : []
  const newest = versions.map(Number).sort((a, b) => b - a)[0]
  return newest === undefined ? undefined : join(LIB, String(newest), 'bin')
}

/** Path of pgbouncer; undefined where there is none. */
export const debianPgbouncer = (): string | undefined => ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((path) => existsSync(path))

export interface Server {
  readonly url: (database: string) => string
  readonly query: (sql: string, database?: string) => Promise<readonly Record<string, unknown>[]>
  stop(): Promise<void>
}

export interface Pair {
  readonly primary: Server
  readonly standby: Server
  close(): Promise<void>
}

/** A primary and a hot standby that streams from it, both on free ports, their folders gone afterwards. */
export const startPair = async (bin: string): Promise<Pair> => {
  const folder = ownFolder()
  const running: Server[] = []
  const close = async (): Promise<void> => {
    for (const server of running.reverse()) await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    run(bin, 'initdb', ['-D', join(folder, 'primary'), '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'])
    const primary = await startServer(bin, join(folder, 'primary'))
    running.push(primary)
    const port = new URL(primary.url('postgres')).port
    run(bin, 'pg_basebackup', [
      ...['-h', '127.0.0.1', '-p', port, '-U', 'postgres', '-D', join(folder, 'standby'), '-R', '--no-sync', '-c', 'fast', '-X', 'stream'],
    ])
    const standby = await startServer(bin, join(folder, 'standby'))
    running.push(standby)
    return { primary, standby, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** One server alone. */
export const startAlone = async (bin: string): Promise<Server> => {
  const folder = ownFolder()
  run(bin, 'initdb', ['-D', join(folder, 'alone'), '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'])
  const server = await startServer(bin, join(folder, 'alone'))
  return {
    ...server,
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** pgbouncer in transaction mode in front of a server; answers the URL of a database through it. */
export const startPgbouncer = async (
  program: string,
  server: Server,
): Promise<{ url(database: string): string; stop(): Promise<void> }> => {
  const folder = ownFolder()
  const port = await freePort()
  const at = new URL(server.url('postgres'))
  const settings = [
    '[databases]',
    `* = host=127.0.0.1 port=${at.port}`,
    '[pgbouncer]',
    ...['listen_addr = 127.0.0.1', `listen_port = ${port}`, 'auth_type = any', 'unix_socket_dir =', 'pool_mode = transaction'],
    // few enough that clients do change places
    ...['default_pool_size = 6', 'min_pool_size = 0', 'max_client_conn = 200', 'server_reset_query = DISCARD ALL', 'log_connections = 0'],
  ]
  const file = join(folder, 'pgbouncer.ini')
  // auth_type any takes the user from the database line
  writeFileSync(file, `${settings.join('\n').replace('port=', 'user=postgres port=')}\n`, { mode: 0o644 })
  const child = endsWithUs(spawn(program, [file], { ...account(), stdio: 'ignore' }))
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}?pgbouncer=true`
  await untilItAnswers(`postgres://postgres@127.0.0.1:${port}/postgres`, child)
  return {
    url,
    stop: async () => {
      await ended(child, 'SIGINT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const startServer = async (bin: string, data: string): Promise<Server> => {
  const port = await freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=off',
    'hot_standby=on',
    'max_connections=150',
    'wal_level=replica',
  ]
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((one) => ['-c', one])]
  const child = endsWithUs(spawn(join(bin, 'postgres'), args, { ...account(), cwd: '/', stdio: 'ignore' }))
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`
  await untilItAnswers(url('postgres'), child)
  return {
    url,
    query: async (sql, database = 'postgres') => {
      const client = new pg.Client({ connectionString: url(database) })
      await client.connect()
      try {
        return (await client.query(sql)).rows as Record<string, unknown>[]
      } finally {
        await client.end()
      }
    },
    stop: () => ended(child, 'SIGINT'),
  }
}

/** A run that is broken off leaves no server behind. */
const endsWithUs = (child: ChildProcess): ChildProcess => {
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

const untilItAnswers = async (url: string, child: ChildProcess): Promise<void> => {
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.query('SELECT 1')
      await client.end()
      return
    } catch (error) {
      await client.end().catch(() => undefined)
      if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

const ended = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(signal)
  await gone
}

/** As root the servers run as Debian's own user. */
const account = (): { uid?: number; gid?: number } => {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

const ownFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'quantbot-debian-'))
  const { uid, gid } = account()
  if (uid !== undefined) spawnSync('chown', [`${uid}:${gid}`, folder])
  return folder
}

const run = (bin: string, program: string, args: readonly string[]): void => {
  const ran = spawnSync(join(bin, program), [...args], { ...account(), cwd: '/', encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`${program}: ${ran.stderr}`)
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })
