import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { systemClock } from '../platform/clock.ts'
import { nodeArguments } from '../platform/node-arguments.ts'

/** A product started by us: all roles on embedded parts, in a data folder of its own. */
export interface StartedProduct {
  readonly url: string
  readonly pid: number
  readonly dataDir: string
  /** SIGTERM, SIGKILL after the grace period; resolves to the exit code when it is gone. */
  stop(): Promise<number | null>
  /** Resolves when the process is gone, whoever ended it. */
  readonly ended: Promise<number | null>
}

/** First start on a slow disk: databases are made, a server may be installed. */
const READY_MS = 180_000
/** Requests drain for 5 s, then each part may take 5 s. */
const STOP_MS = 30_000

/** Starts `main` as a child, compiled or from source as we are. @throws when it does not become ready */
export const startProduct = async (
  dataDir: string,
  env: NodeJS.ProcessEnv = {},
  onStderr?: (chunk: string) => void,
): Promise<StartedProduct> => {
  const child = spawn(process.execPath, [...nodeArguments('main'), '--role', 'all'], {
    env: { ...process.env, PORT: '0', QUANTBOT_DATA: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-4_000)
    onStderr?.(chunk)
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  // whoever ends us ends it: it would serve on for nobody
  const leave = (): void => void child.kill('SIGTERM')
  process.once('exit', leave)
  void ended.then(() => process.off('exit', leave))
  const url = await readyUrl(child, ended)
  if (url === undefined) {
    child.kill('SIGKILL')
    throw new Error(`the product did not start:\n${said}`)
  }
  return { url, pid: child.pid!, dataDir, ended, stop: () => stop(child, ended) }
}

const readyUrl = (child: ChildProcess, ended: Promise<number | null>): Promise<string | undefined> => {
  const timer = new AbortController()
  const announced = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line.startsWith('READY ')) resolve((JSON.parse(line.slice('READY '.length)) as { url: string }).url)
    })
  })
  const late = systemClock.sleep(READY_MS, timer.signal).then(
    () => undefined,
    () => undefined,
  )
  return Promise.race([announced, ended.then(() => undefined), late]).finally(() => timer.abort())
}

const stop = async (child: ChildProcess, ended: Promise<number | null>): Promise<number | null> => {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  try {
    return await ended
  } finally {
    clearTimeout(timer)
  }
}
