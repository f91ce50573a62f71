import type { EventStore } from '../../events/store/event-store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Ids } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import { faultOf, type Pool } from '../../platform/postgres.ts'
import type { ProjectionMetrics } from '../metrics.ts'
import { verifyAccount } from './shadow-replay.ts'

export interface SamplingDeps {
  readonly store: EventStore
  readonly pools: readonly Pool[]
  /** Shards that this process projects now. */
  readonly held: () => Iterable<number>
  readonly metrics: ProjectionMetrics
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly signal: AbortSignal
  readonly everyMs?: number
}

/** One account of each shard: a few milliseconds of work, and a thousand accounts are through in three hours. */
const EVERY_MS = 10_000

// Account ids are compared byte by byte: a random string falls between any two of them.
const AFTER = 'SELECT account_id AS "accountId" FROM accounts WHERE account_id >= $1 ORDER BY account_id LIMIT 1'

/** Replays a random account of every held shard now and then. A row that is not what the events say raises the alarm: metric, log line, position. */
export const sampleAccounts = async ({
  store,
  pools,
  held,
  metrics,
  clock,
  ids,
  log,
  signal,
  everyMs = EVERY_MS,
}: SamplingDeps): Promise<void> => {
  while (!signal.aborted) {
    await clock.sleep(everyMs, signal).catch(() => undefined)
    for (const shard of held()) {
      if (signal.aborted) return
      const labels = { shard: String(shard) }
      try {
        const pool = pools[shard]!
        const from = ids.bytes(4).toString('base64url')
        const { rows } = await pool.query<{ accountId: string }>({ name: 'sample-account', text: AFTER, values: [from] })
        if (!rows[0]) continue
        const verdict = await verifyAccount(store, pool, rows[0].accountId)
        if (verdict.kind !== 'skipped') metrics.verified.inc(labels)
        if (verdict.kind !== 'diverged') continue
        const { accountId, rows: wrong, firstPosition } = verdict
        metrics.diverged.inc(labels)
        metrics.firstDiverging.set(labels, Number(firstPosition))
        log.error(
          { ...labels, accountId, rows: wrong, firstPosition: String(firstPosition) },
          'ALARM: rows are not what the events say: rebuild',
        )
      } catch (error) {
        log.debug({ ...labels, detail: faultOf(error) }, 'an account could not be verified')
      }
    }
  }
}
