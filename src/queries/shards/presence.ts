import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { faultOf, type Pool } from '../../platform/postgres.ts'

/** Says once a second which shard map this process reads by, so that a reshard can wait for it. */
export interface Presence {
  /** From now on the process is said to read by this map; resolves when that is on record, or could not be put there. */
  report(mapVersion: number): Promise<void>
  close(): Promise<void>
}

const BEAT_MS = 1_000

const BEAT = `
  INSERT INTO readers (process, map_version, seen_at) VALUES ($1, $2, clock_timestamp())
  ON CONFLICT (process) DO UPDATE SET map_version = excluded.map_version, seen_at = excluded.seen_at`

/** Version 0: a process that has not chosen its map yet, and will not choose one that is over. */
export const startPresence = async (pool: Pool, process: string, { clock, log }: { clock: Clock; log: Logger }): Promise<Presence> => {
  const stop = new AbortController()
  let version = 0
  const beat = (): Promise<void> =>
    pool.query({ name: 'reader-beat', text: BEAT, values: [process, version] }).then(
      () => undefined,
      (error: unknown) => log.debug({ detail: faultOf(error) }, 'no heartbeat'),
    )
  await beat()
  const beating = (async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(BEAT_MS, stop.signal).catch(() => undefined)
      if (!stop.signal.aborted) await beat()
    }
  })()
  return {
    report: (mapVersion) => {
      version = mapVersion
      return beat()
    },
    close: async () => {
      stop.abort()
      await beating
      await pool.query('DELETE FROM readers WHERE process = $1', [process]).catch(() => undefined)
    },
  }
}
