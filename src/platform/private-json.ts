import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Writes JSON that only its owner may read (0600), durably and whole: a crash leaves the old file or the new one. */
export const writePrivateJson = async (file: string, value: unknown): Promise<void> => {
  const fresh = `${file}.${process.pid}.new`
  const handle = await open(fresh, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(fresh, file)
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The parsed content, undefined when there is no such file. @throws on a file that is not JSON */
export const readJson = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
