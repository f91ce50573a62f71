import type { EventStore } from '../../events/store/event-store.ts'
import type { Clock } from '../../platform/clock.ts'
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
  readonly log: Logger
  readonly signal: AbortSignal
  readonly everyMs?: number
}

/** One account of each shard: a few milliseconds of work, and a thousand accounts are through in three hours. */
const EVERY_MS = 10_000

// One after the other, so that every account has its turn: a random id would fall on the same few wherever ids share a beginning.
const AFTER = 'SELECT account_id AS "accountId" FROM accounts WHERE account_id > $1 ORDER BY account_id LIMIT 1'

/** Replays one account after another of every held shard, one each now and then. A row that is not what the events say raises the alarm: metric, log line, position. */
export const sampleAccounts = async ({
  store,
  pools,
  held,
  metrics,
  clock,
  log,
  signal,
  everyMs = EVERY_MS,
}: SamplingDeps): Promise<void> => {
  const last = new Map<number, string>()
  while (!signal.aborted) {
    await clock.sleep(everyMs, signal).catch(() => undefined)
    for (const shard of held()) {
      if (signal.aborted) return
      const labels = { shard: String(shard) }
      try {
        const pool = pools[shard]!
        const { rows } = await pool.query<{ accountId: string }>({ name: 'sample-account', text: AFTER, values: [last.get(shard) ?? ''] })
        last.set(shard, rows[0]?.accountId ?? '')
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
