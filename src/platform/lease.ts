import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'
import { faultOf, type Pool, type PoolClient } from './postgres.ts'

/** The right to be the only worker of `name`, until lost. */
export interface Lease {
  readonly name: string
  /** Rises with every holder. A write is allowed only in a transaction in which `holdsLease` is true. */
  readonly fence: bigint
  /** Aborts when the lease is lost or released. */
  readonly signal: AbortSignal
  /** Gives it up at once, so that a successor need not wait for the expiry. Never rejects. */
  release(): Promise<void>
}

export interface LeaseOptions {
  readonly name: string
  /** Who holds it, for people who look. */
  readonly owner: string
  /** A dead holder is replaced after at most this plus a quarter of it. */
  readonly ttlMs?: number
  /** Asked before each attempt: false leaves the lease to others for now. */
  readonly mayTake?: () => boolean
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly log: Logger
}

/** With a poll each second a dead owner is replaced within 5 s, half of what we promise; renewals cost one update a second. */
export const LEASE_TTL_MS = 4_000

/** Waits until the lease is ours; survives an unreachable database. @throws the signal's reason when it aborts first */
export const acquireLease = async (pool: Pool, options: LeaseOptions): Promise<Lease> => {
  const { name, owner, ttlMs = LEASE_TTL_MS, mayTake = () => true, clock, signal, log } = options
  for (;;) {
    signal.throwIfAborted()
    const asked = clock.now()
    const fence = !mayTake()
      ? undefined
      : await take(pool, name, owner, ttlMs).catch((error: unknown) => {
          log.warn({ detail: faultOf(error), lease: name }, 'could not ask for the lease')
          return undefined
        })
    if (fence === undefined) {
      await clock.sleep(ttlMs / 4, signal)
      continue
    }
    const lease = hold(pool, options, ttlMs, fence, asked)
    if (!signal.aborted) return lease
    // whoever asked has gone while the database answered: nobody else would end it
    await lease.release()
  }
}

/**
 * True while `lease` is the newest one of its name, inside the caller's transaction: the row stays share-locked until it ends,
 * so no successor can come in between. A paused holder that wakes up late gets false.
 */
export const holdsLease = async (client: PoolClient, lease: Pick<Lease, 'name' | 'fence'>): Promise<boolean> => {
  const { rowCount } = await client.query({
    name: 'lease-holds',
    text: 'SELECT 1 FROM leases WHERE name = $1 AND fence = $2 FOR SHARE',
    values: [lease.name, lease.fence],
  })
  return rowCount === 1
}

// Expiry is judged by the database's clock alone: the holders' clocks may differ.
const TAKE = `
  INSERT INTO leases (name, owner, fence, expires_at)
  VALUES ($1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond')
  ON CONFLICT (name) DO UPDATE
    SET owner = excluded.owner, fence = leases.fence + 1, expires_at = excluded.expires_at
    WHERE leases.expires_at < clock_timestamp()
  RETURNING fence`

// An expired lease that nobody took is still ours: the fence tells.
const RENEW = `UPDATE leases SET expires_at = clock_timestamp() + $3 * interval '1 millisecond' WHERE name = $1 AND fence = $2`

const RELEASE = `UPDATE leases SET expires_at = '-infinity' WHERE name = $1 AND fence = $2`

const take = async (pool: Pool, name: string, owner: string, ttlMs: number): Promise<bigint | undefined> => {
  const { rows } = await pool.query<{ fence: bigint }>({ name: 'lease-take', text: TAKE, values: [name, owner, ttlMs] })
  return rows[0]?.fence
}

const hold = (pool: Pool, { name, clock, signal, log }: LeaseOptions, ttlMs: number, fence: bigint, askedAt: number): Lease => {
  const ended = new AbortController()
  const end = (reason: string): void => {
    if (ended.signal.aborted) return
    signal.removeEventListener('abort', stop)
    log.info({ lease: name, fence: String(fence), reason }, 'lease ended')
    ended.abort(new Error(`lease ${name}: ${reason}`))
  }
  const stop = () => end('stopping')
  signal.addEventListener('abort', stop, { once: true })
  log.info({ lease: name, fence: String(fence) }, 'lease taken')

  /** Resolves true when renewed, false when another holds it; an unreachable database rejects. */
  const renew = async (): Promise<boolean> => {
    const { rowCount } = await pool.query({ name: 'lease-renew', text: RENEW, values: [name, fence, ttlMs] })
    return rowCount === 1
  }
  const keep = async (): Promise<void> => {
    // From the moment we asked: the answer's way back must not count in our favour.
    let expires = askedAt + ttlMs
    while (!ended.signal.aborted) {
      await clock.sleep(ttlMs / 4, ended.signal)
      const asked = clock.now()
      const timeout = new AbortController()
      // A process that was kept from running asks late: the database may still say yes, and until it has answered the fence guards every write.
      // Giving up unasked, a busy machine would hand its work from stall to stall and never end any of it.
      const patience = Math.max(expires - asked, ttlMs / 2)
      const renewed = await Promise.race([
        renew().catch(() => 'unreachable' as const),
        clock.sleep(patience, timeout.signal).then(() => 'late' as const),
      ]).finally(() => timeout.abort())
      if (renewed === true) expires = asked + ttlMs
      else if (renewed === false) return end('another holder took it')
      else if (clock.now() >= expires) return end('could not be renewed in time')
    }
  }
  // Only the sleep rejects, when the lease has ended.
  keep().catch(() => {})

  const release = async (): Promise<void> => {
    end('released')
    await pool.query({ name: 'lease-release', text: RELEASE, values: [name, fence] }).catch(() => {})
  }
  return { name, fence, signal: ended.signal, release }
}
