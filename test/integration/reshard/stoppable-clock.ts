import { type Clock, systemClock } from '../../../src/platform/clock.ts'

/** A clock whose timers fire late while it stands still, as those of a process do that is stopped and goes on. */
export const stoppableClock = (): { readonly clock: Clock; stop(): void; goOn(): void } => {
  let gate: Promise<void> | undefined
  let open = (): void => undefined
  return {
    clock: {
      now: systemClock.now,
      sleep: async (ms, signal) => {
        await systemClock.sleep(ms, signal)
        while (gate) await gate
        signal?.throwIfAborted()
      },
    },
    stop: () => {
      gate ??= new Promise((resolve) => (open = resolve))
    },
    goOn: () => {
      gate = undefined
      open()
    },
  }
}
