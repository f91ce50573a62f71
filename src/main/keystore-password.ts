import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../platform/config.ts'
import type { Ids } from '../platform/ids.ts'

/** The password of the wallet keystore. Without one, and on the embedded chain alone, one is made beside the data (0600) and said. */
export const keystorePassword = async (config: Config, ids: Ids, say: (line: string) => void): Promise<string> => {
  if (config.keystorePassword) return config.keystorePassword
  const file = join(config.dataDir, 'keystore.password')
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const password = ids.bytes(24).toString('base64url')
  await writeFile(file, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true })
  say(`made a keystore password in ${file} (set QUANTBOT_KEYSTORE_PASSWORD to use your own)`)
  return password
}
