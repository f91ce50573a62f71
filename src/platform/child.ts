/** What a part that runs as a child process prints once it serves, on stdout, as `READY {…}`. */
export interface PartReady {
  readonly part: string
  readonly port: number
  /** Process that really serves, when it is not the child itself (Postgres, Redis). */
  readonly pid?: number
  readonly url?: string
}

export const announceReady = (ready: PartReady): void => {
  process.stdout.write(`READY ${JSON.stringify(ready)}\n`)
}

/** Set by the supervisor for a child that must not outlive it: the parent then keeps a pipe on the child's stdin and never writes to it. */
export const PARENT_PIPE = 'QUANTBOT_PARENT_PIPE'

/**
 * Runs `stop` once, then exits 0: on SIGTERM, on SIGINT, and, for a child of the supervisor, when the parent goes away
 * (its end of our stdin closes, also by kill -9).
 */
export const stopWithParent = (stop: () => Promise<void>): void => {
  let stopping = false
  const once = () => {
    if (stopping) return
    stopping = true
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`stop failed: ${String(error)}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', once)
  process.on('SIGINT', once)
  if (process.env[PARENT_PIPE] === '1') {
    process.stdin.on('end', once)
    process.stdin.on('error', once)
    process.stdin.resume()
  }
}
