import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { createServer } from 'node:net'

/**
 * Makes this process the only one on a folder, or throws after `patienceMs`: two ledgers on one log would destroy it. The lock
 * is a socket in Linux's abstract namespace, which the kernel frees with the process; other systems go without.
 */
export const ownFolder = async (dir: string, patienceMs: number): Promise<void> => {
  if (process.platform !== 'linux') return
  const name = `\0quantbot-solana-${createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 32)}`
  const deadline = performance.now() + patienceMs
  for (;;) {
    if (await claim(name)) return
    if (performance.now() > deadline) throw new Error(`another process serves ${dir}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const claim = (name: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const lock = createServer()
    lock.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
    lock.listen(name, () => {
      lock.unref()
      resolve(true)
    })
  })
