import type { EventStore } from '../../events/store/event-store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { faultOf, type Pool } from '../../platform/postgres.ts'
import type { ProjectionMetrics } from '../metrics.ts'
import { repairAccount } from './repair.ts'
import { verifyAccount } from './shadow-replay.ts'
import { tellRepairs } from './tell-repairs.ts'

export interface SamplingDeps {
  readonly store: EventStore
  readonly logId: string
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

/**
 * Replays one account after another of every held shard, one each now and then. A row that is not what the events say raises the alarm (metric,
 * log line, position), is repaired, and the repair becomes an event of the account.
 */
export const sampleAccounts = async (deps: SamplingDeps): Promise<void> => {
  const { clock, log, signal, held, everyMs = EVERY_MS } = deps
  const last = new Map<number, string>()
  while (!signal.aborted) {
    await clock.sleep(everyMs, signal).catch(() => undefined)
    for (const shard of held()) {
      if (signal.aborted) return
      await sampleShard(deps, shard, last).catch((error: unknown) =>
        log.debug({ shard, detail: faultOf(error) }, 'an account could not be verified'),
      )
    }
  }
}

const sampleShard = async (deps: SamplingDeps, shard: number, last: Map<number, string>): Promise<void> => {
  const { store, logId, pools, metrics, clock, log } = deps
  const labels = { shard: String(shard) }
  const pool = pools[shard]!
  // what a former owner of the shard repaired and could not tell any more
  await tellRepairs(store, pool, clock)
  const { rows } = await pool.query<{ accountId: string }>({ name: 'sample-account', text: AFTER, values: [last.get(shard) ?? ''] })
  const accountId = rows[0]?.accountId
  last.set(shard, accountId ?? '')
  if (accountId === undefined) return
  const verdict = await verifyAccount(store, pool, accountId)
  if (verdict.kind !== 'skipped') metrics.verified.inc(labels)
  if (verdict.kind !== 'diverged') return
  metrics.diverged.inc(labels)
  metrics.firstDiverging.set(labels, Number(verdict.firstPosition))
  const found = { ...labels, accountId, firstPosition: String(verdict.firstPosition) }
  log.error({ ...found, rows: verdict.rows }, 'ALARM: rows are not what the events say')
  if (!(await repairAccount({ store, pool, shard, logId }, accountId))) return
  metrics.repaired.inc(labels)
  log.warn(found, 'the rows of the account are repaired')
  await tellRepairs(store, pool, clock)
}
