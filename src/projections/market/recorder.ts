import type { Clock } from '../../platform/clock.ts'
import { acquireLease, holdsLease, type Lease } from '../../platform/lease.ts'
import type { Logger } from '../../platform/log.ts'
import { Counter, type Registry } from '../../platform/metrics.ts'
import { faultOf, type Pool, transaction } from '../../platform/postgres.ts'
import type { RecordedTick } from './candle.ts'
import { type Partitions, partitionsOf } from './partitions.ts'
import { recordTicks } from './record-ticks.ts'

export interface RecorderDeps {
  readonly market: { onTicks(listener: (ticks: readonly RecordedTick[]) => void): void }
  /** The first database. */
  readonly pool: Pool
  /** Who this process is, for people who look at leases. */
  readonly owner: string
  readonly clock: Clock
  readonly log: Logger
  readonly registry: Registry
}

/** A mark is at most this much older than its price; ticks of a busy second share a transaction. */
const FLUSH_MS = 200
/** Ticks in one transaction: some 50 ms of work. */
const BATCH = 5_000
/** Ticks that may wait for the database, about a minute of the busiest market; older ones are given up, and counted. */
const MOST_WAITING = 200_000
const EXPIRE_EVERY_MS = 600_000

/** Writes what the market data brings to ticks, candles and marks, in one process of all: whoever holds the lease. */
export const startTickRecorder = ({ market, pool, owner, clock, log, registry }: RecorderDeps): { close(): Promise<void> } => {
  const stopping = new AbortController()
  const partitions = partitionsOf(pool)
  let waiting: RecordedTick[] = []
  let held: Lease | undefined
  const recorded = new Counter({
    name: 'quantbot_market_recorded_total',
    help: 'Ticks written to candles, and given up because the database was away',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })

  market.onTicks((ticks) => {
    if (!held) return
    for (const tick of ticks) waiting.push(tick)
    const over = waiting.length - MOST_WAITING
    if (over <= 0) return
    waiting = waiting.slice(over)
    recorded.inc({ outcome: 'given_up' }, over)
  })

  const flush = async (lease: Lease): Promise<void> => {
    while (waiting.length > 0 && !lease.signal.aborted) {
      const batch = waiting.slice(0, BATCH)
      const written = await write(pool, lease, partitions, batch)
      if (written === undefined) return
      recorded.inc({ outcome: 'written' }, written)
      waiting = waiting.slice(batch.length)
    }
  }

  const work = async (lease: Lease): Promise<void> => {
    held = lease
    let expired = 0
    while (!lease.signal.aborted) {
      try {
        await flush(lease)
        if (clock.now() - expired > EXPIRE_EVERY_MS) {
          expired = clock.now()
          const dropped = await partitions.expire(expired)
          if (dropped > 0) log.info({ dropped }, 'market data past its time was dropped')
        }
      } catch (error) {
        log.warn({ detail: faultOf(error) }, 'market data waits for its database')
      }
      await clock.sleep(FLUSH_MS, lease.signal).catch(() => undefined)
    }
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const lease = await acquireLease(pool, { name: 'market-recorder', owner, clock, signal: stopping.signal, log }).catch(() => undefined)
      if (!lease) return
      await work(lease)
      held = undefined
      waiting = []
      await lease.release()
    }
  }
  const running = run()

  return {
    close: async () => {
      stopping.abort(new Error('stopping'))
      await running
    },
  }
}

/** Undefined when the lease is another's: nothing was written. */
const write = (pool: Pool, lease: Lease, partitions: Partitions, batch: readonly RecordedTick[]): Promise<number | undefined> =>
  transaction(pool, async (client) => {
    // market data can be had again, and its cursor is lost with it: it need not wait for the disk
    await client.query('SET LOCAL synchronous_commit = off')
    if (!(await holdsLease(client, lease))) return undefined
    return recordTicks(client, partitions, batch)
  })
