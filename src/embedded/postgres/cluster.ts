import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Account, canEnter } from './account.ts'
import type { Binaries } from './binaries.ts'

/** Superuser of the cluster, and the user of every URL. */
export const SUPERUSER = 'quantbot'

/**
 * Where the cluster really lies: `wanted`, or, when the account can't get there (a data folder below a root home that is closed to
 * others), a folder of its own under /var/lib whose name is derived from `wanted`.
 */
export const reachablePlace = async (wanted: string, account: Account | undefined): Promise<string> => {
  const parent = dirname(wanted)
  await mkdir(parent, { recursive: true })
  if (!account || canEnter(account, parent)) return wanted
  const elsewhere = join('/var/lib/quantbot', createHash('sha256').update(wanted).digest('hex').slice(0, 16), basename(wanted))
  await mkdir(dirname(elsewhere), { recursive: true })
  if (!canEnter(account, dirname(elsewhere))) throw new Error(`the user "postgres" can enter neither ${parent} nor ${dirname(elsewhere)}`)
  return elsewhere
}

export interface ClusterOptions {
  readonly folder: string
  readonly binaries: Binaries
  readonly account: Account | undefined
  readonly password: string
  /** Tests only: nothing is flushed to disk. */
  readonly noSync: boolean
}

/** Makes the cluster once. It is built beside its place and moved there whole, so that one interrupted half-way is made anew. */
export const initialiseOnce = async (options: ClusterOptions): Promise<'made' | 'found'> => {
  const { folder, binaries, account } = options
  if (existsSync(join(folder, 'PG_VERSION'))) {
    await refuseOtherVersion(folder, binaries)
    return 'found'
  }
  if (existsSync(folder) && (await readdir(folder)).length > 0) throw new Error(`${folder} holds something else than a Postgres cluster`)
  const fresh = `${folder}.init`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  if (account) await chown(fresh, account.uid, account.gid)
  await runInitdb(fresh, options)
  await rename(fresh, folder)
  return 'made'
}

const refuseOtherVersion = async (folder: string, { postgres }: Binaries): Promise<void> => {
  const there = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim()
  const ours = await output(postgres, ['--version'])
  if (!new RegExp(`\\b${there}(\\.|\\b)`).test(ours))
    throw new Error(`${folder} was made by Postgres ${there}, the packaged one is ${ours.trim()}`)
}

const runInitdb = async (folder: string, { binaries, account, password, noSync }: ClusterOptions): Promise<void> => {
  const passwordFile = `${folder}.pw`
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  await chmod(passwordFile, 0o600)
  if (account) await chown(passwordFile, account.uid, account.gid)
  try {
    await output(
      binaries.initdb,
      [
        `--pgdata=${folder}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--no-locale',
        '--no-instructions',
        ...(noSync ? ['--no-sync'] : []),
      ],
      account,
    )
  } finally {
    await rm(passwordFile, { force: true })
  }
}

/** Runs a command to its end; its stdout, or an error that carries its stderr. */
const output = (command: string, args: readonly string[], account?: Account): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...account, cwd: '/', env: { ...process.env, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`${basename(command)} ended with ${code}: ${err.trim()}`))))
  })
