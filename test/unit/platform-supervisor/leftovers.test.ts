import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claimDataFolder } from '../../../src/platform/data-folder.ts'
import { nodeArguments } from '../../../src/platform/node-arguments.ts'
import { processIdentity } from '../../../src/platform/process-identity.ts'
import { readRunFile, runNames, writeRunFile } from '../../../src/platform/runfile.ts'

describe('claiming a data folder', () => {
  let dataDir: string
  const children: ChildProcess[] = []

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'quantbot-claim-'))
  })
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await rm(dataDir, { recursive: true, force: true })
  })

  const standIn = async (...parts: string[]): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [...nodeArguments('../test/unit/platform-supervisor/main'), dataDir, ...parts], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    await once(child.stdout!, 'data')
    return child
  }
  const gone = async (pid: number) => {
    while (processIdentity(pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  it('ends the parts of a main process that was killed', async () => {
    const main = await standIn('one=serve')
    const { pid } = (await readRunFile(dataDir, 'one'))!
    main.kill('SIGKILL')
    await gone(pid) // by itself: its parent's end of the pipe closed
    const claim = await claimDataFolder(dataDir)
    ok(claim.ok)
    deepEqual(claim.stopped, [])
    deepEqual(await runNames(dataDir), [])
  })

  it('stops a part that outlived a killed main process', async () => {
    const main = await standIn('one=stubborn')
    const { pid } = (await readRunFile(dataDir, 'one'))!
    main.kill('SIGKILL')
    await gone(main.pid!)
    notEqual(processIdentity(pid), undefined)
    const claim = await claimDataFolder(dataDir)
    ok(claim.ok)
    deepEqual(claim.stopped, ['one'])
    equal(processIdentity(pid), undefined)
    deepEqual(await runNames(dataDir), [])
  })

  it('leaves a process alone that has got the pid of a dead part', async () => {
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore' })
    children.push(bystander)
    await mkdir(join(dataDir, 'run'))
    const stale = {
      pid: bystander.pid,
      port: 1,
      kind: 'part',
      identity: 'an-earlier-boot:1',
      wrapper: { pid: bystander.pid, identity: 'x:1' },
    }
    await writeFile(join(dataDir, 'run', 'one.json'), JSON.stringify(stale))
    const claim = await claimDataFolder(dataDir)
    ok(claim.ok)
    deepEqual(claim.stopped, [])
    notEqual(processIdentity(bystander.pid!), undefined)
    deepEqual(await runNames(dataDir), [])
  })

  it('keeps the run file of a role that lives and removes that of a dead one', async () => {
    await writeRunFile(dataDir, 'queries', { pid: process.pid, port: 1 })
    await writeFile(join(dataDir, 'run', 'all.json'), JSON.stringify({ pid: 999_999_999, port: 1, kind: 'role', identity: 'x:1' }))
    const claim = await claimDataFolder(dataDir)
    ok(claim.ok)
    deepEqual(await runNames(dataDir), ['queries'])
  })

  it('is refused while another process holds it, and granted when that one is gone', async () => {
    const first = await claimDataFolder(dataDir)
    ok(first.ok)
    deepEqual(await claimDataFolder(dataDir), { ok: false, heldBy: process.pid })
    await first.release()
    await writeFile(join(dataDir, 'run', 'claim'), JSON.stringify({ pid: process.pid, identity: 'an-earlier-boot:1' }))
    const next = await claimDataFolder(dataDir)
    ok(next.ok)
    equal(JSON.parse(await readFile(join(dataDir, 'run', 'claim'), 'utf8')).identity, processIdentity(process.pid))
  })

  it('opens the folder to pass through, and no more, as root', async () => {
    await claimDataFolder(dataDir)
    if (process.getuid?.() === 0) equal((await stat(dataDir)).mode & 0o777, 0o711)
    else equal((await stat(dataDir)).mode & 0o077, 0)
  })
})
