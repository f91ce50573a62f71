import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../../../src/platform/log.ts'
import { processIdentity } from '../../../src/platform/process-identity.ts'
import { readRunFile, runNames } from '../../../src/platform/runfile.ts'
import { type PartChange, type PartSpec, type Supervisor, superviseParts } from '../../../src/platform/supervisor.ts'
import { skipBecause } from '../../support/skip.ts'

const part = (name: string, behaviour = 'serve'): PartSpec => ({
  name,
  entry: '../test/unit/platform-supervisor/part',
  args: ([port]) => [behaviour, String(port)],
})

/** What the part on this port answers: its pid. */
const pidBehind = async (port: number): Promise<number> => {
  const [answer] = await once(connect(port, '127.0.0.1'), 'data')
  return Number(answer)
}

describe('the supervisor of parts', () => {
  let dataDir: string
  let supervisor: Supervisor
  let changes: PartChange[]

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'quantbot-supervisor-'))
    changes = []
    supervisor = superviseParts({ dataDir, log: createLog('test', 'silent'), onChange: (change) => changes.push(change) })
  })
  afterEach(async () => {
    await supervisor.stop()
    await rm(dataDir, { recursive: true, force: true })
  })

  const reached = async (name: string, state: string, from = 0) => {
    while (!changes.slice(from).some((change) => change.name === name && change.state === state)) await new Promise((r) => setTimeout(r, 5))
  }

  it('starts a part, hands on what it announced and writes its run file', async () => {
    const outcome = await supervisor.start(part('one'))
    ok(outcome.ok)
    const { port, url } = outcome.announcement
    const run = await readRunFile(dataDir, 'one')
    equal(run?.pid, await pidBehind(port))
    deepEqual([run?.port, run?.url], [port, url])
    equal(supervisor.states().get('one'), 'running')
  })

  it('starts a killed part again, within ten seconds and on the same port', async () => {
    const outcome = await supervisor.start(part('one'))
    ok(outcome.ok)
    const { port } = outcome.announcement
    for (let round = 0; round < 2; round++) {
      const before = await pidBehind(port)
      const seen = changes.length
      const killedAt = performance.now()
      process.kill(before, 'SIGKILL')
      await reached('one', 'restarting', seen)
      equal(supervisor.states().get('one') === 'running', false)
      await reached('one', 'running', seen)
      ok(performance.now() - killedAt < 10_000)
      const after = await pidBehind(port)
      notEqual(after, before)
      equal((await readRunFile(dataDir, 'one'))?.pid, after)
    }
  })

  it('does not start a part again that cannot be had here, and says why', async () => {
    deepEqual(await supervisor.start(part('one', 'unavailable')), { ok: false, reason: 'there is none for this machine' })
    deepEqual(
      changes.map((change) => change.state),
      ['starting', 'unavailable'],
    )
    deepEqual(await runNames(dataDir), [])
  })

  it('rejects when a part breaks before it is ready', async () => {
    await rejects(supervisor.start(part('one', 'broken')), /one: ended with 1 before it was ready/)
  })

  it('gives up on a part that stays silent', async () => {
    await rejects(supervisor.start({ ...part('one', 'silent'), readyTimeoutMs: 1_500 }), /one: not ready after 1.5 s/)
  })

  it('stops the parts in reverse order and takes their run files away', async () => {
    for (const name of ['one', 'two', 'three']) await supervisor.start(part(name))
    deepEqual((await runNames(dataDir)).sort(), ['one', 'three', 'two'])
    await supervisor.stop()
    deepEqual(
      changes.filter((change) => change.state === 'stopped').map((change) => change.name),
      ['three', 'two', 'one'],
    )
    deepEqual(await runNames(dataDir), [])
    equal(changes.filter((change) => change.state === 'restarting').length, 0)
  })

  it('kills a part that does not stop, after five seconds', async () => {
    const outcome = await supervisor.start(part('one', 'stubborn'))
    ok(outcome.ok)
    const pid = await pidBehind(outcome.announcement.port)
    const began = performance.now()
    await supervisor.stop()
    ok(performance.now() - began > 4_500)
    equal(processIdentity(pid), undefined)
  })

  it('withholds secrets from the parts it starts', async function () {
    process.env.QUANTBOT_KEYSTORE_PASSWORD = 'not for parts'
    try {
      await supervisor.start(part('one'))
      const run = await readRunFile(dataDir, 'one')
      if (process.platform !== 'linux') skipBecause(this, 'no /proc to read a process’s environment from')
      const environment = await readFile(`/proc/${run?.pid}/environ`, 'utf8')
      match(environment, /QUANTBOT_PARENT_PIPE=1/)
      equal(environment.includes('not for parts'), false)
    } finally {
      delete process.env.QUANTBOT_KEYSTORE_PASSWORD
    }
  })
})
