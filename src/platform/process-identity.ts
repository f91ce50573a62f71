import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * A text that tells this process from any other that ever had or will have its pid; undefined when no such process lives.
 * Read from /proc (boot id and start tick), from `ps` where there is no /proc.
 */
export const processIdentity = (pid: number): string | undefined => {
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields after the command name, which may itself hold spaces and brackets; the start tick is field 22, the state field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie serves nobody and can't be killed: it counts as gone.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return `${bootId()}:${fields[19]}`
  } catch {
    return process.platform === 'linux' ? undefined : startTimeFromPs(pid)
  }
}

/** True while the process that had this identity lives. */
export const isAlive = (pid: number, identity: string): boolean => processIdentity(pid) === identity

let boot: string | undefined
const bootId = (): string => {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return boot
}

const startTimeFromPs = (pid: number): string | undefined => {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    return started === '' ? undefined : started
  } catch {
    return undefined
  }
}
