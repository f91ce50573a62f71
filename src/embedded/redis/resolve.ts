import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Logger } from '../../platform/log.ts'

export type RedisServer = { readonly ok: true; readonly command: string } | { readonly ok: false; readonly reason: string }

// A package list and one small package; a machine without a network must not hold the start up for longer.
const APT_LIMIT_MS = 60_000

/** A server that speaks Redis: on PATH, else, as root on Debian, from apt (QUANTBOT_NO_APT=1 forbids that). */
export const resolveRedis = async (log: Logger, signal: AbortSignal): Promise<RedisServer> => {
  const there = onPath()
  if (there) return { ok: true, command: there }
  const none = 'there is no redis-server or valkey-server on PATH'
  if (process.env.QUANTBOT_NO_APT === '1') return { ok: false, reason: `${none}, and QUANTBOT_NO_APT forbids installing one` }
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version') || !isRunnable('apt-get')) {
    return { ok: false, reason: `${none} (apt-get install redis-server, or give REDIS_URL)` }
  }
  log.info('installing redis-server with apt-get (QUANTBOT_NO_APT=1 forbids it)')
  const failure = await aptInstall(AbortSignal.any([signal, AbortSignal.timeout(APT_LIMIT_MS)]))
  const installed = onPath()
  return installed ? { ok: true, command: installed } : { ok: false, reason: `${none}, and apt-get could not install it: ${failure}` }
}

const onPath = (): string | undefined => ['redis-server', 'valkey-server'].find(isRunnable)

const isRunnable = (command: string): boolean => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0

/** The last thing apt said, or '' when all went well. The package list is only fetched when the package isn't known. */
const aptInstall = async (signal: AbortSignal): Promise<string> => {
  const install = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=30', 'install', 'redis-server']
  const first = await apt(install, signal)
  if (first === '' || signal.aborted) return first
  await apt(['-q', 'update'], signal)
  return apt(install, signal)
}

const apt = (args: readonly string[], signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => {
    // RUNLEVEL: the package would start a system-wide server of its own on 6379.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    const child = spawn('apt-get', args, { env, stdio: ['ignore', 'ignore', 'pipe'], signal, killSignal: 'SIGTERM' })
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += chunk
    })
    child.on('error', (error) => resolve(signal.aborted ? 'it took too long' : error.message))
    child.on('close', (code) => resolve(code === 0 ? '' : said.trim().split('\n').at(-1) || `exit ${code}`))
  })
