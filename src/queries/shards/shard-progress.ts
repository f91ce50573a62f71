import type { Clock } from '../../platform/clock.ts'

/** The highest checkpoint of a shard that this process has heard of, and those who wait for a higher one. */
export interface ShardProgress {
  known(): bigint
  /** Someone saw the checkpoint at this commit position. */
  saw(position: bigint): void
  /** Resolves true once the checkpoint has reached `position`, false after `ms`. @throws the signal's reason */
  reaches(position: bigint, ms: number, signal: AbortSignal): Promise<boolean>
}

/** Between two looks at the stored checkpoint while someone waits and no projector tells us: a cheap read by key. */
const LOOK_MS = 10
/** After steps told by a projector itself the stored checkpoint is looked at only to be safe. */
const LOOK_WHEN_TOLD_MS = 250

export interface ShardProgressDeps {
  readonly clock: Clock
  /** Reads the stored checkpoint's commit position; undefined before the first. */
  readonly look: () => Promise<bigint | undefined>
  /** Whether steps of this shard are being told. */
  readonly told: () => boolean
}

export const createShardProgress = ({ clock, look, told }: ShardProgressDeps): ShardProgress => {
  let known = -1n
  let looking = false
  const waiters = new Set<{ readonly position: bigint; readonly arrive: () => void }>()

  const saw = (position: bigint): void => {
    if (position <= known) return
    known = position
    for (const waiter of waiters) if (waiter.position <= known) waiter.arrive()
  }

  /** One loop for all who wait. */
  const lookOut = async (): Promise<void> => {
    looking = true
    try {
      while (waiters.size > 0) {
        const position = await look().catch(() => undefined)
        if (position !== undefined) saw(position)
        await clock.sleep(told() ? LOOK_WHEN_TOLD_MS : LOOK_MS)
      }
    } finally {
      looking = false
    }
  }

  return {
    known: () => known,
    saw,
    reaches: async (position, ms, signal) => {
      if (position <= known) return true
      const end = new AbortController()
      const arrived = new Promise<true>((resolve) => {
        const waiter = { position, arrive: () => resolve(true) }
        waiters.add(waiter)
        end.signal.addEventListener('abort', () => waiters.delete(waiter), { once: true })
      })
      const gone = (): void => end.abort(signal.reason)
      signal.addEventListener('abort', gone, { once: true })
      if (!looking) void lookOut()
      try {
        return await Promise.race([arrived, clock.sleep(ms, end.signal).then(() => false)])
      } finally {
        signal.removeEventListener('abort', gone)
        end.abort()
      }
    },
  }
}
