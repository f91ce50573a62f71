import type { Clock } from '../../platform/clock.ts'
import type { Health } from '../../platform/health.ts'
import { acquireLease, type Lease } from '../../platform/lease.ts'
import type { Logger } from '../../platform/log.ts'
import type { Pool } from '../../platform/postgres.ts'
import { type Cursors, openCursors } from './cursors.ts'
import { watchDatabase } from './database-health.ts'
import { openWorkIndex, type WorkIndex } from './work-index.ts'

/** How settlement processes share the accounts: leases on slice groups and an index of open work. Nothing is decided by it: the fence is the account's stream. */
export interface Coordination {
  /** Waits until the lease is ours. @throws the signal's reason when it aborts first */
  lease(name: string, signal: AbortSignal): Promise<Lease>
  index(group: number, lease: Pick<Lease, 'name' | 'fence'>): WorkIndex
  /** Where the chain's history of wallets was read up to; undefined: nobody looks for transfers that come unasked. */
  readonly cursors?: Cursors | undefined
  health(): Health
  close(): Promise<void>
}

export interface CoordinationOptions {
  readonly pool: Pool
  readonly logId: string
  /** Who this process is, for people who look at leases. */
  readonly owner: string
  readonly clock: Clock
  readonly log: Logger
}

/** Leases and index in Postgres. The pool stays its owner's. */
export const postgresCoordination = ({ pool, logId, owner, clock, log }: CoordinationOptions): Coordination => {
  const database = watchDatabase(pool, clock)
  return {
    lease: (name, signal) => acquireLease(pool, { name, owner, clock, signal, log }),
    index: (group, lease) => openWorkIndex({ pool, group, logId, lease }),
    cursors: openCursors(pool),
    ...database,
  }
}
