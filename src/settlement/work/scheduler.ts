import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'

/** Runs accounts that have something to do: many at once, each one in sequence. */
export interface Scheduler {
  /** Runs the account soon, once more if it is running now. */
  wake(accountId: string): void
  /** How many wait or run. */
  load(): { readonly waiting: number; readonly running: number }
  /** Stops starting runs and waits for those under way. */
  close(): Promise<void>
}

export interface SchedulerOptions {
  /** One pass over the account; answers after how many ms it wants another one, undefined for never. */
  readonly run: (accountId: string) => Promise<number | undefined>
  readonly clock: Clock
  readonly log: Logger
  readonly concurrency?: number
}

/** Runs wait for the network most of their time; more of them only queue at the venue. */
const CONCURRENCY = 32
const FIRST_BACKOFF_MS = 500
const LAST_BACKOFF_MS = 15_000

export const createScheduler = ({ run, clock, log, concurrency = CONCURRENCY }: SchedulerOptions): Scheduler => {
  const waiting = new Set<string>()
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()
  /** The earliest wake-up set for an account, so that it has one timer at most. */
  const timers = new Map<string, { readonly at: number; readonly cancel: AbortController }>()
  const failures = new Map<string, number>()
  const stopping = new AbortController()

  const wake = (accountId: string): void => {
    if (stopping.signal.aborted) return
    if (running.has(accountId)) again.add(accountId)
    else waiting.add(accountId)
    fill()
  }

  const fill = (): void => {
    for (const accountId of waiting) {
      if (running.size >= concurrency) return
      waiting.delete(accountId)
      running.set(accountId, start(accountId))
    }
  }

  const start = async (accountId: string): Promise<void> => {
    timers.get(accountId)?.cancel.abort()
    timers.delete(accountId)
    try {
      const next = await run(accountId)
      failures.delete(accountId)
      if (next !== undefined) wakeAfter(accountId, next)
    } catch (error) {
      const count = failures.get(accountId) ?? 0
      failures.set(accountId, count + 1)
      if (!stopping.signal.aborted)
        log.error({ err: error, accountId, failures: count + 1 }, 'settling an account failed; it will be tried again')
      wakeAfter(accountId, Math.min(FIRST_BACKOFF_MS * 2 ** count, LAST_BACKOFF_MS))
    } finally {
      running.delete(accountId)
      if (again.delete(accountId)) wake(accountId)
      fill()
    }
  }

  const wakeAfter = (accountId: string, ms: number): void => {
    const at = clock.now() + ms
    const known = timers.get(accountId)
    if (stopping.signal.aborted || (known && known.at <= at)) return
    known?.cancel.abort()
    const cancel = new AbortController()
    timers.set(accountId, { at, cancel })
    clock.sleep(ms, cancel.signal).then(
      () => {
        timers.delete(accountId)
        wake(accountId)
      },
      () => undefined,
    )
  }

  return {
    wake,
    load: () => ({ waiting: waiting.size, running: running.size }),
    close: async () => {
      stopping.abort()
      waiting.clear()
      again.clear()
      for (const { cancel } of timers.values()) cancel.abort()
      await Promise.all(running.values())
    },
  }
}
