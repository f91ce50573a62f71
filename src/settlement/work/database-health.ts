import type { Clock } from '../../platform/clock.ts'
import type { Health } from '../../platform/health.ts'
import type { Pool } from '../../platform/postgres.ts'

/** Asks the database every two seconds, so that readiness is told also by a process that waits for leases. */
export const watchDatabase = (pool: Pool, clock: Clock): { health(): Health; close(): Promise<void> } => {
  const stopping = new AbortController()
  let state: Health = { ready: false, detail: 'not asked yet' }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      state = await pool.query('SELECT 1').then(
        () => ({ ready: true }),
        (error: Error) => ({ ready: false, detail: error.message }),
      )
      await clock.sleep(state.ready ? 2_000 : 250, stopping.signal).catch(() => undefined)
    }
  }
  const running = run()
  return {
    health: () => state,
    close: async () => {
      stopping.abort()
      await running
    },
  }
}
