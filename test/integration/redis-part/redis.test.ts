import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createLog } from '../../../src/platform/log.ts'
import { nodeArguments } from '../../../src/platform/node-arguments.ts'
import { superviseParts } from '../../../src/platform/supervisor.ts'
import { redisUrlOrSkip } from '../../support/services.ts'

const spec = { name: 'redis', entry: 'embedded/redis/main', args: ([port]: readonly number[]) => ['--port', String(port)] }

describe('the embedded Redis', () => {
  it('is a cache on the loopback: nothing saved, least used goes first', async function () {
    const redis = new Redis(await redisUrlOrSkip(this))
    try {
      const setting = async (name: string) => ((await redis.config('GET', name)) as string[])[1]
      deepEqual(
        [
          await setting('save'),
          await setting('appendonly'),
          await setting('maxmemory'),
          await setting('maxmemory-policy'),
          await setting('bind'),
        ],
        ['', 'no', String(256 * 1024 * 1024), 'allkeys-lru', '127.0.0.1'],
      )
    } finally {
      redis.disconnect()
    }
  })

  it('comes back on the same port, empty, after kill -9', async function () {
    await redisUrlOrSkip(this)
    const dataDir = await mkdtemp(join(tmpdir(), 'quantbot-redis-'))
    const supervisor = superviseParts({ dataDir, log: createLog('test', 'silent') })
    try {
      const outcome = await supervisor.start(spec)
      ok(outcome.ok)
      const redis = new Redis(outcome.announcement.url!, { maxRetriesPerRequest: null })
      redis.on('error', () => {})
      await redis.set('a', '1')
      process.kill(outcome.announcement.pid!, 'SIGKILL')
      while ((await redis.get('a')) !== null) await new Promise((resolve) => setTimeout(resolve, 20))
      while (supervisor.states().get('redis') !== 'running') await new Promise((resolve) => setTimeout(resolve, 20))
      const run = JSON.parse(await readFile(join(dataDir, 'run', 'redis.json'), 'utf8'))
      equal(run.port, outcome.announcement.port)
      redis.disconnect()
    } finally {
      await supervisor.stop()
      await rm(dataDir, { recursive: true, force: true })
    }
  })

  it('says why none can be had, and ends with 3', async () => {
    const { code, out } = await runWithPath('/nonexistent', { QUANTBOT_NO_APT: '1' })
    equal(code, 3)
    match(out, /UNAVAILABLE .*no redis-server or valkey-server on PATH/)
  })

  it('takes a valkey-server where there is no redis-server', async function () {
    await redisUrlOrSkip(this)
    const bin = await mkdtemp(join(tmpdir(), 'quantbot-valkey-'))
    try {
      // the same server by its other name, found on a PATH that has nothing else
      await writeFile(join(bin, 'valkey-server'), `#!/bin/sh\nPATH=${process.env.PATH} exec redis-server "$@"\n`)
      await chmod(join(bin, 'valkey-server'), 0o755)
      const { out } = await runWithPath(bin, { QUANTBOT_NO_APT: '1' }, true)
      match(out, /READY \{"part":"redis"/)
    } finally {
      await rm(bin, { recursive: true, force: true })
    }
  })
})

/** Runs the part alone with this PATH until it ends; with `stopWhenReady` it is stopped after its first line. */
const runWithPath = async (path: string, env: NodeJS.ProcessEnv, stopWhenReady = false) => {
  const part = spawn(process.execPath, nodeArguments('embedded/redis/main'), {
    env: { ...process.env, ...env, PATH: path, QUANTBOT_LOG: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  part.stdout.on('data', (chunk) => {
    out += chunk
    if (stopWhenReady) part.kill('SIGTERM')
  })
  const [code] = await once(part, 'close')
  return { code, out }
}
