import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { followKeys, keyIdOf } from '../../../src/events/key-ring.ts'
import { connectEventStore } from '../../../src/events/store/eventstore-db.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { hashKey } from '../../../src/platform/http/grant.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { eventStoreUrl } from '../../support/services.ts'
import { exitCode, firstLine, quantbot, startQuantbot } from './quantbot.ts'

const log = createLog('test', 'error')

/** The rights of a key as every process that follows the log sees them. */
const grantOf = async (url: string, key: string) => {
  const store = await connectEventStore({ url, log, clock: systemClock })
  const stopped = new AbortController()
  try {
    const keys = await followKeys({ store, clock: systemClock, ids: systemIds, log, signal: stopped.signal })
    return keys.find(hashKey(key))
  } finally {
    stopped.abort(new Error('done'))
    await store.close()
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

describe('the quantbot command', function () {
  this.timeout(60_000)
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quantbot-cli-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  describe('keys create', () => {
    it('records a key in the log of a running product: hash, scopes and accounts', async () => {
      const url = await eventStoreUrl()
      const args = ['keys', 'create', '--scopes', 'trade,read', '--accounts', 'a-1,b-2', '--json']
      const { code, stdout } = await quantbot(args, { EVENTSTORE_URL: url, QUANTBOT_DATA: folder })
      assert.equal(code, 0)
      const { keyId, key } = JSON.parse(stdout) as { keyId: string; key: string }
      assert.equal(keyId, keyIdOf(key))
      const grant = await grantOf(url, key)
      assert.deepEqual(grant, { keyId, scopes: new Set(['trade', 'read']), accounts: new Set(['a-1', 'b-2']) })
    })

    it('does so without one too: starts the event store for it, and stops it again', async () => {
      const dataDir = join(folder, 'stopped')
      const { code, stdout, stderr } = await quantbot(['keys', 'create', '--scopes', 'audit', '--json'], { QUANTBOT_DATA: dataDir })
      assert.equal(code, 0, stderr)
      const { key } = JSON.parse(stdout) as { key: string }
      const node = startQuantbot(['eventstore', 'run', '--db', join(dataDir, 'eventstore'), '--node-port', '0', '--insecure'])
      try {
        const ready = JSON.parse((await firstLine(node))!.replace('READY ', '')) as { part: string; port: number }
        const grant = await grantOf(`esdb://127.0.0.1:${ready.port}?tls=false`, key)
        assert.deepEqual([[...(grant?.scopes ?? [])], grant?.accounts], [['audit'], '*'])
      } finally {
        node.kill('SIGTERM')
        await exitCode(node)
      }
    })
  })

  describe('eventstore run', () => {
    const run = (...more: string[]) => startQuantbot(['eventstore', 'run', '--db', join(folder, 'alone'), '--node-port', '0', ...more])

    it('says READY once, serves, and ends with 0 on SIGTERM', async () => {
      const node = run('--insecure')
      const line = (await firstLine(node)) ?? ''
      assert.match(line, /^READY \{"part":"eventstore","port":\d+\}$/)
      const { port } = JSON.parse(line.slice('READY '.length)) as { port: number }
      assert.equal(await accepts(port), true)
      node.kill('SIGTERM')
      assert.equal(await exitCode(node), 0)
      assert.equal(await accepts(port), false)
    })
    it('takes its node along when it is killed', async () => {
      const node = run('--insecure')
      const { port } = JSON.parse((await firstLine(node))!.slice('READY '.length)) as { port: number }
      node.kill('SIGKILL')
      await exitCode(node)
      for (let i = 0; i < 100 && (await accepts(port)); i++) await sleep(50)
      assert.equal(await accepts(port), false)
    })
    it('refuses with 2 what it cannot do yet, in one line', async () => {
      const base = ['eventstore', 'run', '--db', join(folder, 'refused')]
      const refused = [
        [],
        ['--certificate-file', 'x', '--insecure'],
        ['--admin-password', 'x', '--insecure'],
        ['--insecure', '--node-port', 'x'],
      ]
      for (const { code, stdout, stderr } of await Promise.all(refused.map((more) => quantbot([...base, ...more]))))
        assert.deepEqual([code, stdout, stderr.trim().split('\n').length], [2, '', 1], stderr)
    })
  })

  describe('exit codes', () => {
    it('2 for wrong usage: unknown command, missing flag, wrong value, wrong environment', async () => {
      const wrong: [string[], NodeJS.ProcessEnv?][] = [
        [['nonsense']],
        [['keys', 'create']],
        [['keys', 'create', '--scopes', 'admin']],
        [['keys', 'create', '--scopes', 'read'], { PORT: 'x' }],
      ]
      const ran = await Promise.all(wrong.map(([args, env]) => quantbot(args, { QUANTBOT_DATA: join(folder, 'none'), ...env })))
      for (const [i, { code, stdout, stderr }] of ran.entries()) {
        assert.deepEqual([code, stdout], [2, ''], wrong[i]![0].join(' '))
        assert.notEqual(stderr, '')
      }
    })
    it('3 where a dependency does not answer', async () => {
      const { code, stderr } = await quantbot(['keys', 'create', '--scopes', 'read'], { EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false' })
      assert.equal(code, 3, stderr)
    })
    it('0 for help', async () => {
      assert.equal((await quantbot(['--help'])).code, 0)
    })
  })
})
