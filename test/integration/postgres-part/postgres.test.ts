import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { serverAccount } from '../../../src/embedded/postgres/account.ts'
import { packagedBinaries, runnableBinaries } from '../../../src/embedded/postgres/binaries.ts'
import { initialiseOnce, reachablePlace } from '../../../src/embedded/postgres/cluster.ts'
import { claimDataFolder } from '../../../src/platform/data-folder.ts'
import { createLog } from '../../../src/platform/log.ts'
import { nodeArguments } from '../../../src/platform/node-arguments.ts'
import { type PartSpec, type Supervisor, superviseParts } from '../../../src/platform/supervisor.ts'
import { skipBecause } from '../../support/skip.ts'

const query = async (connectionString: string, text: string): Promise<pg.QueryResult> => {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end().catch(() => {})
  }
}

describe('the embedded Postgres', function () {
  this.timeout(60_000)
  let dataDir: string
  let supervisor: Supervisor | undefined

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'quantbot-postgres-'))
    await claimDataFolder(dataDir)
  })
  afterEach(async () => {
    await supervisor?.stop()
    supervisor = undefined
    await rm(dataDir, { recursive: true, force: true })
  })

  const spec = (databases = 2): PartSpec => ({
    name: 'postgres',
    entry: 'embedded/postgres/main',
    args: ([port]) => [
      ...['--db', join(dataDir, 'postgres'), '--port', String(port), '--databases', String(databases)],
      ...['--password-file', join(dataDir, 'postgres.password')],
    ],
    env: { QUANTBOT_LOG: 'error' },
  })
  const start = async (databases = 2) => {
    const running = superviseParts({ dataDir, log: createLog('test', 'silent') })
    supervisor = running
    const outcome = await running.start(spec(databases))
    ok(outcome.ok)
    return { ...outcome.announcement, urls: outcome.announcement.urls ?? [], pid: outcome.announcement.pid ?? 0 }
  }
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 50))
  }

  it('serves one database per shard, with a password of its own and only on the loopback', async () => {
    const { urls, pid, url } = await start(3)
    deepEqual(
      urls.map((one) => new URL(one).pathname),
      ['/quantbot_0', '/quantbot_1', '/quantbot_2'],
    )
    match((await query(urls[2]!, 'SELECT version()')).rows[0].version, /^PostgreSQL 18/)
    equal((await stat(join(dataDir, 'postgres.password'))).mode & 0o777, 0o600)
    const wrong = new URL(urls[0]!)
    wrong.password = 'wrong'
    equal(await query(wrong.href, 'SELECT 1').catch((error) => error.code), '28P01')
    const settings = (await query(urls[0]!, 'SELECT name, setting FROM pg_settings')).rows
    const setting = (name: string) => settings.find((row) => row.name === name)?.setting
    deepEqual([setting('listen_addresses'), setting('fsync'), setting('synchronous_commit')], ['127.0.0.1', 'on', 'on'])
    // what others may read names no password
    const run = await readFile(join(dataDir, 'run', 'postgres.json'), 'utf8')
    equal(run.includes(new URL(urls[0]!).password), false)
    deepEqual([JSON.parse(run).pid, JSON.parse(run).url], [pid, url])
  })

  it('comes back by itself after kill -9 of the postmaster, with all that was committed', async () => {
    const { urls, pid } = await start()
    await query(urls[0]!, 'CREATE TABLE kept (n int)')
    await query(urls[0]!, 'INSERT INTO kept VALUES (42)')
    const killedAt = performance.now()
    process.kill(pid, 'SIGKILL')
    await until(async () => (await query(urls[0]!, 'SELECT n FROM kept')).rows[0].n === 42)
    ok(performance.now() - killedAt < 10_000)
    await until(async () => JSON.parse(await readFile(join(dataDir, 'run', 'postgres.json'), 'utf8')).pid !== pid)
  })

  it('comes back after kill -9 of its wrapper: the orphan is stopped, the data is the same', async () => {
    const { urls, pid } = await start()
    await query(urls[1]!, 'CREATE TABLE kept AS SELECT 7 AS n')
    const run = JSON.parse(await readFile(join(dataDir, 'run', 'postgres.json'), 'utf8'))
    notEqual(run.wrapper.pid, pid)
    process.kill(run.wrapper.pid, 'SIGKILL')
    await until(async () => JSON.parse(await readFile(join(dataDir, 'run', 'postgres.json'), 'utf8')).pid !== pid)
    equal((await query(urls[1]!, 'SELECT n FROM kept')).rows[0].n, 7)
  })

  it('keeps its data over a stop, and gets more databases when asked for', async () => {
    const first = await start(1)
    await query(first.urls[0]!, 'CREATE TABLE kept AS SELECT 9 AS n')
    await supervisor?.stop()
    const second = await start(2)
    equal(second.urls.length, 2)
    equal((await query(second.urls[0]!, 'SELECT n FROM kept')).rows[0].n, 9)
    equal((await query(second.urls[1]!, 'SELECT 1 AS n')).rows[0].n, 1)
  })

  it('makes a cluster anew whose making was interrupted', async () => {
    // what a killed initdb leaves: a half-filled folder beside the cluster's place
    await mkdir(join(dataDir, 'postgres.init', 'base'), { recursive: true })
    await writeFile(join(dataDir, 'postgres.init', 'PG_VERSION'), '18\n')
    const { urls } = await start()
    equal((await query(urls[0]!, 'SELECT 1 AS n')).rows[0].n, 1)
  })

  it('refuses to go on without the password of an existing cluster', async () => {
    await start()
    await supervisor?.stop()
    await rm(join(dataDir, 'postgres.password'))
    const said = await runAlone([...spec().args([0])])
    equal(said.code, 1)
    match(said.err, /postgres\.password is gone/)
  })

  it('leaves the server of a living wrapper alone', async () => {
    const { urls, pid } = await start()
    const said = await runAlone([...spec().args([0])])
    equal(said.code, 1)
    match(said.err, /in use by another process/)
    equal((await query(urls[0]!, 'SELECT 1 AS n')).rows[0].n, 1)
    process.kill(pid, 0)
  })

  it('runs, as root, where neither the program nor the data folder is open to the postgres user', async function () {
    if (process.getuid?.() !== 0) skipBecause(this, 'only root runs Postgres as another user')
    const closed = join(dataDir, 'home')
    await mkdir(closed, { mode: 0o700 })
    const packaged = await packagedBinaries()
    ok(packaged)
    await cp(dirname(dirname(packaged.postgres)), join(closed, 'native'), { recursive: true, verbatimSymlinks: true })
    const hidden = { ...packaged, postgres: join(closed, 'native', 'bin', 'postgres'), initdb: join(closed, 'native', 'bin', 'initdb') }
    const account = serverAccount()
    const place = await reachablePlace(join(closed, 'data', 'postgres'), account)
    try {
      match(place, /^\/var\/lib\/quantbot\//)
      const binaries = await runnableBinaries(hidden, account, dirname(place))
      equal(binaries.postgres.startsWith(closed), false)
      equal(await initialiseOnce({ folder: place, binaries, account, password: 'secret', noSync: true }), 'made')
      equal(await initialiseOnce({ folder: place, binaries, account, password: 'secret', noSync: true }), 'found')
    } finally {
      await rm(dirname(place), { recursive: true, force: true })
    }
  })
})

const runAlone = async (args: string[]): Promise<{ code: number; err: string }> => {
  const part = spawn(process.execPath, [...nodeArguments('embedded/postgres/main'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let err = ''
  part.stderr.on('data', (chunk) => {
    err += chunk
  })
  const [code] = await once(part, 'close')
  return { code, err }
}
