import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The cluster's password, made once and durable before the cluster is; 0600. Throws when a cluster exists whose password is gone. */
export const clusterPassword = async (file: string, cluster: string): Promise<string> => {
  if (existsSync(file)) return (await readFile(file, 'utf8')).trim()
  if (existsSync(join(cluster, 'PG_VERSION')))
    throw new Error(`${file} is gone: put it back, or remove ${cluster} to have the read models rebuilt`)
  await mkdir(dirname(file), { recursive: true })
  const fresh = `${file}.${process.pid}`
  const handle = await open(fresh, 'w', 0o600)
  try {
    await handle.writeFile(`${randomBytes(24).toString('base64url')}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await link(fresh, file).catch(() => {}) // another was faster: its password holds
  await rm(fresh, { force: true })
  return (await readFile(file, 'utf8')).trim()
}
