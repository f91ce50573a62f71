import { execFileSync, spawnSync } from 'node:child_process'

/** The system account Postgres runs as: undefined = ours. Postgres refuses to run as root. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** As root: the account `postgres`, made when missing. Otherwise undefined. Throws where it can't be made. */
export const serverAccount = (): Account | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const existing = find()
  if (existing) return existing
  const made = spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'], {
    encoding: 'utf8',
  })
  const account = find()
  if (!account)
    throw new Error(`Postgres does not run as root and no user "postgres" can be made: ${made.stderr?.trim() || made.error?.message}`)
  return account
}

const find = (): Account | undefined => {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined
  }
}

/** True when the account may enter the folder (search permission on it and on all above it); asked of the kernel, not computed. */
export const canEnter = (account: Account | undefined, folder: string): boolean =>
  spawnSync('test', ['-x', folder], { ...account, stdio: 'ignore' }).status === 0
