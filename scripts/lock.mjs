// One set-up at a time in one checkout: two launchers started together must not both install or both write dist/.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

// An install on a slow line takes minutes; a lock older than this was left by a machine that lost power and recycled the pid.
const STALE_MS = 15 * 60_000

/** Runs `work` while holding the lock file; waits for another live holder, takes over from a dead one. */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true })
  while (!take(file)) {
    if (isStale(file)) rmSync(file, { force: true })
    else await sleep(100)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function isStale(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    const age = Date.now() - statSync(file).mtimeMs
    // An empty file is a holder between creating and writing it: give it a second.
    return age > STALE_MS || (pid > 0 ? !isAlive(pid) : age > 1000)
  } catch {
    return false // gone meanwhile: the next try decides
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
